package diff

import (
	"fmt"
	"io"
	"strings"
)

// UnifiedOptions qualifies [FprintUnified]. Nil means the defaults.
type UnifiedOptions struct {
	// Context is the number of lines around a change. Zero means three, less than zero none.
	Context int
}

// FprintUnified writes what an apply would change as a unified difference of YAML, the live object against what the server would
// store: without status and bookkeeping, and with the content of Secrets hidden, content that changes marked so. The header has the
// origin of the desired object, behind a tab. The names of both sides have spaces in them: tell patch which file it is to change. It
// writes nothing where nothing changes. Where the result is not known, the difference is against what is known of it, and nothing is
// written when that is nothing.
func FprintUnified(w io.Writer, c *Comparison, opts *UnifiedOptions) error {
	around := 3
	if opts != nil && opts.Context != 0 {
		around = max(0, opts.Context)
	}
	if len(c.Changes) == 0 {
		return nil
	}
	before, after := c.sides()
	if after == nil {
		return nil
	}
	name := oneLine(c.Ref.String())
	from, to := "live/"+name, "desired/"+name
	if o := c.Origin.String(); o != "" {
		to += "\t" + oneLine(o)
	}
	if before == nil {
		from = "/dev/null"
	}
	lines, err := unifiedLines(before, after, around)
	if err != nil || len(lines) == 0 {
		return err
	}
	_, err = fmt.Fprintf(w, "--- %s\n+++ %s\n%s", from, to, strings.Join(lines, ""))
	return err
}

// unifiedLines returns the lines of a unified difference, from its first "@@" on.
func unifiedLines(before, after map[string]any, around int) ([]string, error) {
	a, err := document(before)
	if err != nil {
		return nil, err
	}
	b, err := document(after)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, group := range grouped(hunks(a, b), around) {
		first, last := group[0], group[len(group)-1]
		out = append(out, fmt.Sprintf("@@ -%s +%s @@\n", span(first.i1, last.i2), span(first.j1, last.j2)))
		for _, h := range group {
			if h.same {
				out = appendLines(out, " ", a[h.i1:h.i2])
				continue
			}
			out = appendLines(out, "-", a[h.i1:h.i2])
			out = appendLines(out, "+", b[h.j1:h.j2])
		}
	}
	return out, nil
}

func appendLines(out []string, mark string, lines []string) []string {
	for _, l := range lines {
		out = append(out, mark+l+"\n")
	}
	return out
}

// span writes a range of lines as diff does.
func span(from, to int) string {
	switch n := to - from; n {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	default:
		return fmt.Sprintf("%d,%d", from+1, n)
	}
}
