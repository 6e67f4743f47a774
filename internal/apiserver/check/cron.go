package check

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// cronField is one of the five fields of a schedule.
type cronField struct {
	least, most int
	names       []string
}

var cronFields = []cronField{
	{0, 59, nil}, {0, 23, nil}, {1, 31, nil},
	{1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{0, 6, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// cron checks a schedule: five fields, or a word for a common one.
func cron(value any) []schema.Fault {
	text, _ := value.(string)
	var out []schema.Fault
	if strings.Contains(text, "TZ") {
		out = one("cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
		if _, rest, ok := strings.Cut(text, " "); ok && (strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=")) {
			text = strings.TrimSpace(rest)
		}
	}
	if detail := schedule(text); detail != "" {
		out = append(out, one(detail)...)
	}
	return out
}

// schedule says what is wrong with a schedule, "" if nothing is.
func schedule(text string) string {
	if word, ok := strings.CutPrefix(text, "@"); ok {
		switch word {
		case "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly":
			return ""
		}
		if every, ok := strings.CutPrefix(word, "every "); ok {
			if _, err := time.ParseDuration(every); err != nil {
				return fmt.Sprintf("failed to parse duration %s: %v", text, err)
			}
			return ""
		}
		return "unrecognized descriptor: " + text
	}
	fields := strings.Fields(text)
	if len(fields) != len(cronFields) {
		return fmt.Sprintf("expected exactly 5 fields, found %d: %v", len(fields), fields)
	}
	for i, f := range fields {
		for _, expression := range strings.FieldsFunc(f, func(r rune) bool { return r == ',' }) {
			if detail := cronFields[i].check(expression); detail != "" {
				return detail
			}
		}
	}
	return ""
}

// check says what is wrong with one range of a field: a number, two with a hyphen between, or all, with or without a step.
func (c cronField) check(expression string) string {
	span, step, stepped := strings.Cut(expression, "/")
	low, high, ranged := strings.Cut(span, "-")
	if strings.Contains(step, "/") {
		return "too many slashes: " + expression
	}
	if strings.Contains(high, "-") {
		return "too many hyphens: " + expression
	}
	start, end := c.least, c.most
	if low != "*" && low != "?" {
		var detail string
		if start, detail = c.number(low); detail != "" {
			return detail
		}
		if end = start; ranged {
			if end, detail = c.number(high); detail != "" {
				return detail
			}
		} else if stepped {
			end = c.most
		}
	}
	if stepped {
		n, err := strconv.Atoi(step)
		switch {
		case err != nil:
			return fmt.Sprintf("failed to parse int from %s: %s", step, err)
		case n < 0:
			return fmt.Sprintf("negative number (%d) not allowed: %s", n, step)
		case n == 0:
			return "step of range should be a positive number: " + expression
		}
	}
	switch {
	case start < c.least:
		return fmt.Sprintf("beginning of range (%d) below minimum (%d): %s", start, c.least, expression)
	case end > c.most:
		return fmt.Sprintf("end of range (%d) above maximum (%d): %s", end, c.most, expression)
	case start > end:
		return fmt.Sprintf("beginning of range (%d) beyond end of range (%d): %s", start, end, expression)
	}
	return ""
}

func (c cronField) number(text string) (int, string) {
	for i, name := range c.names {
		if strings.EqualFold(name, text) {
			return c.least + i, ""
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Sprintf("failed to parse int from %s: %s", text, err)
	}
	if n < 0 {
		return 0, fmt.Sprintf("negative number (%d) not allowed: %s", n, text)
	}
	return n, ""
}
