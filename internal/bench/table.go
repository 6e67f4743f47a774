package main

import (
	"fmt"
	"io"
	"strings"
)

// table prints the rows as Markdown.
func table(out io.Writer, name string, a *area, rows []row) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", name)
	b.WriteString("| case | unit | setpoint | peer | peer figure | ratio |\n|---|---|--:|---|--:|--:|\n")
	for _, r := range rows {
		peer, theirs, ratio := "", "", ""
		ours := median(r.ours)
		if r.theirs != nil {
			peer, theirs = a.peer, figure(median(r.theirs))
			if ours > 0 {
				ratio = figure(median(r.theirs) / ours)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.name, r.unit, figure(ours), peer, theirs, ratio)
	}
	b.WriteString("\n")
	for _, note := range a.notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// figure prints a number with no more digits than a measurement has: three, or all that stand before the point.
func figure(f float64) string {
	switch {
	case f >= 100:
		return thousands(fmt.Sprintf("%.0f", f))
	case f >= 10:
		return fmt.Sprintf("%.1f", f)
	case f >= 1:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.3g", f)
}

// thousands puts commas between groups of three digits.
func thousands(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
