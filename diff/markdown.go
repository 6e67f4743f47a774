package diff

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// MarkdownOptions qualifies [FprintMarkdown]. Nil means the defaults.
type MarkdownOptions struct {
	// Title is the heading. Empty means none.
	Title string
	// MaxBytes bounds the text. What does not fit is named instead of shown, and what cannot be named is counted. Zero and less
	// mean 60,000, which fits into a comment of GitHub and GitLab.
	MaxBytes int
	// Context is the number of lines around a change. Zero means three, less than zero none.
	Context int
	// Unchanged lists the objects that stay as they are too.
	Unchanged bool
}

// sections are the headings of a report, in its order.
var sections = []struct {
	verdicts []Verdict
	name     string
}{
	{[]Verdict{Refused}, "refused"},
	{[]Verdict{Conflict}, "in conflict"},
	{[]Verdict{Unsure}, "not known"},
	{[]Verdict{Missing}, "to create"},
	{[]Verdict{Differs}, "to change"},
}

// FprintMarkdown writes a set for a comment on a pull request: the numbers in one line, then a collapsible section with a
// unified difference for each object that would change, those refused or in conflict first, then what is extra. The text has no content of
// Secrets, is the same for equal sets, and never longer than opts.MaxBytes.
func FprintMarkdown(w io.Writer, s *Set, opts *MarkdownOptions) error {
	o := MarkdownOptions{}
	if opts != nil {
		o = *opts
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 60_000
	}
	m := &markdown{opts: o, set: s}
	_, err := io.WriteString(w, m.text())
	return err
}

type markdown struct {
	opts MarkdownOptions
	set  *Set
}

// text tries how much fits: everything, then everything by name with as many differences as there is room for.
func (m *markdown) text() string {
	head := m.head()
	var items []reported
	for _, section := range sections {
		for _, c := range m.set.Comparisons {
			if slices.Contains(section.verdicts, c.Verdict) {
				items = append(items, m.item(c, section.name))
			}
		}
	}
	for _, ref := range m.set.Extra {
		items = append(items, reported{line: fmt.Sprintf("- :heavy_minus_sign: %s: not desired any more\n", code(ref.String()))})
	}
	if m.opts.Unchanged {
		for _, c := range m.set.Comparisons {
			if c.Verdict == Same || c.Verdict == Adopt {
				items = append(items, reported{line: fmt.Sprintf("- %s: %s\n", code(c.Ref.String()), headline(c))})
			}
		}
	}
	// Room is kept for naming what comes later, and for the last line.
	const last = 80
	room := m.opts.MaxBytes - len(head) - last
	var b strings.Builder
	b.WriteString(clipBytes(head, m.opts.MaxBytes))
	named := 0
	for _, i := range items {
		named += len(i.line)
	}
	left := 0
	for n, i := range items {
		named -= len(i.line)
		text := i.full
		if text == "" || len(text)+named > room {
			text = i.line
		}
		if len(text) > room {
			left = len(items) - n
			break
		}
		room -= len(text)
		b.WriteString(text)
	}
	if left > 0 && b.Len()+last <= m.opts.MaxBytes {
		fmt.Fprintf(&b, "\n… and %d more objects, for which there is no room here.\n", left)
	}
	return b.String()
}

// escapeHTML keeps the tags of a heading from being ones of the report, a comment's above all, which would hide the rest.
var escapeHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;")

// reported is an object in a report: in full, and in one line.
type reported struct{ full, line string }

func (m *markdown) head() string {
	var b strings.Builder
	if m.opts.Title != "" {
		fmt.Fprintf(&b, "### %s\n\n", escapeHTML.Replace(clip(m.opts.Title, 200)))
	}
	var parts []string
	for _, section := range sections {
		n := 0
		for _, v := range section.verdicts {
			n += m.set.Count(v)
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("**%d %s**", n, section.name))
		}
	}
	if n := len(m.set.Extra); n > 0 {
		parts = append(parts, fmt.Sprintf("**%d to delete**", n))
	}
	parts = append(parts, fmt.Sprintf("%d unchanged", m.set.Count(Same)+m.set.Count(Adopt)))
	b.WriteString(strings.Join(parts, ", "))
	b.WriteString("\n\n")
	return b.String()
}

func (m *markdown) item(c *Comparison, section string) reported {
	title := fmt.Sprintf("%s %s: %s", symbols[c.Verdict], c.Ref, headline(c))
	if section == "to create" {
		title = fmt.Sprintf("%s %s: %s", symbols[c.Verdict], c.Ref, "to create")
	}
	if from := c.Origin.String(); from != "" {
		title += " (" + from + ")"
	}
	line := "- " + code(title) + "\n"
	body, err := m.body(c)
	if err != nil || body == "" {
		return reported{line: line}
	}
	return reported{
		line: line,
		full: fmt.Sprintf("<details><summary><code>%s</code></summary>\n\n%s\n</details>\n\n", html.EscapeString(clip(title, 300)), body),
	}
}

// body is the difference in a fence, and what is to be said beside it.
func (m *markdown) body(c *Comparison) (string, error) {
	var diff strings.Builder
	if err := FprintUnified(&diff, c, &UnifiedOptions{Context: m.opts.Context}); err != nil {
		return "", err
	}
	var b strings.Builder
	if text := diff.String(); text != "" {
		fence := strings.Repeat("`", max(3, longestRun(text, '`')+1))
		fmt.Fprintf(&b, "%sdiff\n%s%s\n", fence, text, fence)
	} else {
		for _, change := range c.Changes {
			fmt.Fprintf(&b, "- %s\n", code(fmt.Sprintf("%s %s", change.Op, change.Path)))
		}
	}
	for _, change := range c.Changes {
		if elsewhere(c, change) {
			fmt.Fprintf(&b, "- %s comes from %s\n", code(change.Path), code(change.Origin.String()))
		}
	}
	for _, f := range c.Conflicts {
		fmt.Fprintf(&b, "- %s belongs to %s\n", code(f.Field), code(Owner{Manager: f.Manager, Operation: f.Operation, Subresource: f.Subresource}.String()))
	}
	for _, r := range c.Unsure {
		fmt.Fprintf(&b, "- not known: %s\n", code(strings.TrimPrefix(r.Path+": "+r.Message, ": ")))
	}
	for _, o := range c.Overruled {
		fmt.Fprintf(&b, "- overruled: %s\n", code(o.String()))
	}
	if c.Fault != nil {
		fmt.Fprintf(&b, "- %s\n", code(c.Fault.note(c.Verdict)))
	}
	for _, i := range c.Ignored {
		fmt.Fprintf(&b, "- left alone: %s, by %s\n", code(i.Path), code(i.By))
	}
	return b.String(), nil
}

// code writes a text as an inline code span that nothing in it can end.
func code(text string) string {
	text = clip(strings.ReplaceAll(text, "\n", " "), 300)
	if text == "" {
		text = " " // Two ticks with nothing between them open a span.
	}
	ticks := strings.Repeat("`", longestRun(text, '`')+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return ticks + text + ticks
}

func longestRun(text string, of rune) int {
	longest, run := 0, 0
	for _, r := range text {
		if r != of {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// clipBytes cuts a text at a rune's end.
func clipBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && text[most]&0xC0 == 0x80 {
		most--
	}
	return text[:most]
}
