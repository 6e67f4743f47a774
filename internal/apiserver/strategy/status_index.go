package strategy

import (
	"fmt"
	"strconv"
	"strings"
)

// span are the indexes from the first to the last.
type span struct{ first, last int32 }

// parseIndexes reads text such as "0,2-4": indexes that rise, each less than limit. It returns the parts that can be read, and what
// is wrong with the first that cannot.
func parseIndexes(text string, limit int32) ([]span, error) {
	if text == "" {
		return nil, nil
	}
	var spans []span
	var fault error
	for _, part := range strings.Split(text, ",") {
		s, err := parseSpan(part, limit)
		if err == nil && fault == nil && len(spans) > 0 && spans[len(spans)-1].last >= s.first {
			fault = fmt.Errorf("non-increasing order, previous: %d, current: %d", spans[len(spans)-1].last, s.first)
		}
		if err == nil {
			spans = append(spans, s)
		} else if fault == nil {
			fault = err
		}
	}
	return spans, fault
}

func parseSpan(text string, limit int32) (span, error) {
	ends := strings.Split(text, "-")
	if len(ends) > 2 {
		return span{}, fmt.Errorf("the fragment %q violates the requirement that an index interval can have at most two parts separated by '-'", text)
	}
	var s span
	for i, end := range ends {
		n, err := strconv.Atoi(end)
		switch {
		case err != nil:
			return span{}, fmt.Errorf("cannot convert string to integer for index: %q", end)
		case n >= int(limit):
			return span{}, fmt.Errorf("too large index: %q", end)
		case i == 1 && int(s.first) >= n:
			return span{}, fmt.Errorf("non-increasing order, previous: %d, current: %d", s.first, n)
		case i == 0:
			s.first = int32(n)
		}
		s.last = int32(n)
	}
	return s, nil
}

// overlap returns the first index found in both lists, which rise.
func overlap(a, b []span) (int32, bool) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].first <= b[0].last && b[0].first <= a[0].last:
			return max(a[0].first, b[0].first), true
		case a[0].first <= b[0].first:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return 0, false
}
