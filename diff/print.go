package diff

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/setpoint-dev/setpoint/cluster"
)

// PrintOptions qualifies [Fprint].
type PrintOptions struct {
	// Width is the number of columns that a line may have; longer ones are cut, with an ellipsis. Zero means 160.
	Width int
	// Color marks lines with the colours of a terminal, by ANSI escapes.
	Color bool
}

// symbols open the line of an object.
var symbols = map[Verdict]string{Missing: "+", Same: "=", Adopt: "&", Differs: "~", Conflict: "!", Unsure: "?", Refused: "!"}

// Fprint writes a comparison for a person to read: the verdict and the object, with its origin, in the first line, then each change
// with its path, the old and the new value, its own origin if that is another, and who else owns the field or may have written it. Compound values are YAML, and two of
// them a unified difference. The text has no secrets, no control characters, no colour unless asked for, and is the same for equal
// comparisons. A [Same] comparison is one line.
func Fprint(w io.Writer, c *Comparison, opts *PrintOptions) error {
	p := &printer{w: w, width: 160}
	if opts != nil {
		p.color = opts.Color
		if opts.Width > 0 {
			p.width = opts.Width
		}
	}
	p.line(0, "%s %s: %s", symbols[c.Verdict], placed(c), headline(c))
	for _, change := range c.Changes {
		p.change(c, change)
	}
	for _, f := range c.Conflicts {
		if names(c.Changes, f) {
			continue
		}
		p.line(1, "! %s belongs to %s", f.Field, Owner{Manager: f.Manager, Operation: f.Operation, Subresource: f.Subresource})
	}
	for _, r := range c.Unsure {
		p.line(1, "? %s", strings.TrimPrefix(r.Path+": "+r.Message, ": "))
	}
	for _, o := range c.Overruled {
		p.line(1, "· %s", o)
	}
	if c.Fault != nil {
		p.line(1, "%s", c.Fault.note(c.Verdict))
	}
	if len(c.Changes) > 0 {
		for _, o := range c.Suspects {
			p.line(1, "· %s wrote after our last apply, at %s", o, o.Time.Format(time.RFC3339))
		}
	}
	return p.err
}

// names says whether a change states the owner that a conflict is with.
func names(changes []Change, f cluster.FieldConflict) bool {
	for _, c := range changes {
		for _, o := range c.Owners {
			if o.Manager == f.Manager && o.Operation == f.Operation && o.Subresource == f.Subresource {
				return true
			}
		}
	}
	return false
}

func headline(c *Comparison) string {
	switch c.Verdict {
	case Missing:
		return "to be created"
	case Same, Adopt:
		s := "as desired"
		if len(c.Overruled) > 0 {
			s = "as far as admission lets it"
		}
		if c.Verdict == Adopt {
			s += ", to be taken into ownership"
		}
		return s
	case Unsure:
		return "not known without asking the server"
	case Refused:
		return "refused by the server"
	}
	s := "1 change"
	if n := len(c.Changes); n != 1 {
		s = fmt.Sprintf("%d changes", n)
	}
	if c.Verdict == Conflict {
		s += ", refused unless forced"
	}
	return s
}

type printer struct {
	w     io.Writer
	width int
	color bool
	err   error
}

// colors are those of lines by how they begin.
var colors = map[byte]string{'+': "\x1b[32m", '-': "\x1b[31m", '~': "\x1b[33m", '!': "\x1b[31;1m", '?': "\x1b[36m", '&': "\x1b[34m"}

const colorEnd = "\x1b[0m"

func (p *printer) line(depth int, format string, args ...any) {
	if p.err != nil {
		return
	}
	text := clip(strings.Repeat("  ", depth)+fmt.Sprintf(format, args...), p.width)
	if trimmed := strings.TrimLeft(text, " "); p.color && trimmed != "" {
		if start, ok := colors[trimmed[0]]; ok {
			text = start + text + colorEnd
		}
	}
	_, p.err = io.WriteString(p.w, text+"\n")
}

// clip makes a text one line of at most width columns.
func clip(text string, width int) string {
	text = strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || !unicode.IsPrint(r) && r != ' ' {
			return '�'
		}
		return r
	}, text)
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	return string(runes[:width-1]) + "…"
}

func (p *printer) change(c *Comparison, change Change) {
	if c.Verdict == Missing {
		p.block("+", 1, change.New)
		return
	}
	switch {
	case change.Op == Add && change.New.flat():
		p.line(1, "+ %s: %s", change.Path, change.New)
	case change.Op == Add:
		p.line(1, "+ %s:", change.Path)
		p.block("+", 3, change.New)
	case change.Op == Remove && change.Old.flat():
		p.line(1, "- %s: %s", change.Path, change.Old)
	case change.Op == Remove:
		p.line(1, "- %s:", change.Path)
		p.block("-", 3, change.Old)
	case change.Old.flat() && change.New.flat():
		p.line(1, "~ %s: %s → %s", change.Path, change.Old, change.New)
	default:
		p.line(1, "~ %s:", change.Path)
		p.unified(change.Old, change.New)
	}
	switch change.Cause {
	case FromDropped:
		p.line(3, "no longer desired")
	case FromServer:
		p.line(3, "set by the server in consequence")
	case FromAdmission:
		p.line(3, "set by admission along with any write")
	}
	if elsewhere(c, change) {
		p.line(3, "from %s", change.Origin)
	}
	for _, o := range change.Owners {
		if o.Manager == c.manager && o.Operation == "Apply" {
			continue
		}
		when := ""
		if !o.Time.IsZero() {
			when = ", written no later than " + o.Time.Format(time.RFC3339)
		}
		p.line(3, "owned by %s%s", o, when)
	}
}

// flat says whether a value is shown in one line.
func (v Value) flat() bool {
	switch x := v.v.(type) {
	case map[string]any:
		return len(x) == 0
	case []any:
		return len(x) == 0
	case string:
		return !strings.Contains(x, "\n")
	}
	return true
}

// text returns the value as lines: of a text itself, of anything else its YAML.
func (v Value) text() []string {
	if s, ok := v.v.(string); ok {
		return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	}
	text, err := yamlText(v.v)
	if err != nil {
		return []string{v.String()}
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func (p *printer) block(mark string, depth int, v Value) {
	for _, l := range v.text() {
		p.line(depth, "%s %s", mark, l)
	}
}

// unified writes the lines in which two values differ, with two lines around them.
func (p *printer) unified(old, new Value) {
	a, b := old.text(), new.text()
	groups := grouped(hunks(a, b), 2)
	for i, group := range groups {
		if i > 0 {
			p.line(3, "…")
		}
		for _, h := range group {
			if h.same {
				for _, l := range a[h.i1:h.i2] {
					p.line(3, "  %s", l)
				}
				continue
			}
			for _, l := range a[h.i1:h.i2] {
				p.line(3, "- %s", l)
			}
			for _, l := range b[h.j1:h.j2] {
				p.line(3, "+ %s", l)
			}
		}
	}
	if len(groups) == 0 {
		p.line(3, "(the difference is in white space at the end)")
	}
}
