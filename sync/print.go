package sync

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// Summary counts the steps of a plan.
type Summary struct {
	Create int `json:"create"`
	Update int `json:"update"`
	Adopt  int `json:"adopt"`
	// Hook is the number of hooks that run unless something fails.
	Hook  int `json:"hook,omitempty"`
	Prune int `json:"prune"`
	Skip  int `json:"skip"`
	// Same is the number of desired objects that need no step.
	Same int `json:"same"`
}

// String returns "2 to create, 1 to prune, 40 unchanged".
func (s Summary) String() string {
	var parts []string
	for _, f := range []struct {
		n    int
		text string
	}{
		{s.Create, "to create"}, {s.Update, "to update"}, {s.Adopt, "to adopt"}, {s.Hook, plural(s.Hook, "hook", "hooks") + " to run"}, {s.Prune, "to prune"}, {s.Skip, "skipped"}, {s.Same, "unchanged"},
	} {
		if f.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", f.n, f.text))
		}
	}
	if len(parts) == 0 {
		return "no objects"
	}
	return strings.Join(parts, ", ")
}

// Summary counts the steps.
func (p *Plan) Summary() Summary {
	s := Summary{Same: len(p.objects)}
	for _, step := range p.steps {
		if step.object >= 0 {
			s.Same--
		}
		switch step.Action {
		case Create:
			s.Create++
		case Update:
			s.Update++
		case Adopt:
			s.Adopt++
		case Hook:
			if step.Phase != dialect.SyncFail {
				s.Hook++
			}
		case Prune:
			s.Prune++
		case Skip:
			s.Skip++
		}
	}
	return s
}

// String returns what [Plan.Fprint] writes.
func (p *Plan) String() string {
	var b strings.Builder
	_ = p.Fprint(&b)
	return b.String()
}

// Fprint writes the plan for a person to read: a line for each step with its reason and origin, the fields that differ below it,
// and the summary at the end. It shows no secret, and is the same for equal plans.
func (p *Plan) Fprint(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, s := range p.steps {
		fmt.Fprintf(out, "%-6s  %s\n", s.Action, s.title())
		if s.Comparison == nil || s.Action == Create {
			continue
		}
		var b strings.Builder
		if err := diff.Fprint(&b, s.Comparison, nil); err != nil {
			return err
		}
		// The first line of a comparison names the object, which the step has done.
		_, details, _ := strings.Cut(b.String(), "\n")
		for line := range strings.Lines(details) {
			out.WriteString("        " + line)
		}
	}
	if p.dirty && p.Summary().writes() == 0 {
		fmt.Fprintln(out, "record  the inventory is brought up to date")
	}
	fmt.Fprintf(out, "plan: %s\n", p.Summary())
	return out.Flush()
}

func (s Summary) writes() int { return s.Create + s.Update + s.Adopt + s.Hook + s.Prune }

// title is the step without its action: "Deployment apps/web (web.yaml:12): 2 fields differ".
func (s *Step) title() string {
	var b strings.Builder
	if s.Ref.Kind != "" {
		b.WriteString(s.Ref.String())
		if o := s.Origin.String(); o != "" {
			b.WriteString(" (" + o + ")")
		}
		b.WriteString(": ")
	}
	b.WriteString(s.Reason)
	return b.String()
}
