package sync

import (
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"golang.org/x/term"
)

// ProgressOptions configures a [Progress]. Nil means the defaults.
type ProgressOptions struct {
	// Live draws a bar with what is waited for below it, and redraws it in place. Default: when the writer is a terminal.
	Live *bool
	// Width is the number of columns. Default: the terminal's, and 80 elsewhere.
	Width int
	// Lines is the greatest number of objects listed below the bar. Default 5.
	Lines int
}

// Progress shows a run to a person: on a terminal by a bar that moves, elsewhere by a line for each thing that happened. It
// is used by one run at a time.
type Progress struct {
	w     io.Writer
	live  bool
	width int
	lines int

	total, done, bad int
	waiting          map[cluster.Ref]health.Result
	// drawn is the number of lines of the bar that are on the screen.
	drawn int
	err   error
}

// NewProgress returns a renderer that writes to w. The plan tells how much there is to do; it may be nil for [Engine.Wait]
// alone.
func NewProgress(w io.Writer, p *Plan, opts *ProgressOptions) *Progress {
	r := &Progress{w: w, width: 80, lines: 5, waiting: map[cluster.Ref]health.Result{}}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		r.live = true
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			r.width = width
		}
	}
	if opts != nil {
		if opts.Live != nil {
			r.live = *opts.Live
		}
		if opts.Width > 0 {
			r.width = opts.Width
		}
		if opts.Lines > 0 {
			r.lines = opts.Lines
		}
	}
	if p != nil {
		for _, s := range p.steps {
			if s.Action != Skip && s.Phase != dialect.SyncFail {
				r.total++
			}
		}
	}
	return r
}

// Follow passes a run's events on, and shows each. What it could not write is the error of [Progress.Err].
func (r *Progress) Follow(events iter.Seq2[Event, error]) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		defer r.clear()
		for ev, err := range events {
			if err == nil {
				r.show(ev)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// Err is the first fault of the writer.
func (r *Progress) Err() error { return r.err }

func (r *Progress) show(ev Event) {
	line := ""
	subject := ev.Step
	if ev.Ref.Kind != "" {
		subject = ev.Ref.String()
	}
	switch ev.Type {
	case Started:
		if ev.Action == Gate {
			line = "wait    " + ev.Message
		}
	case Done:
		r.done++
		if ev.Action != Gate {
			line = fmt.Sprintf("%-7s %s", past[ev.Action], subject)
		}
	case Failed:
		r.bad++
		line = "failed  " + ev.Err.Error()
	case Blocked:
		r.bad++
		line = "blocked " + subject + ": " + ev.Message
	case Skipped:
		line = "skipped " + subject + ": " + ev.Message
	case Warning:
		line = "warning " + subject + ": " + ev.Message
	case HealthChanged:
		if settled(ev.Health) {
			delete(r.waiting, ev.Ref)
		} else {
			r.waiting[ev.Ref] = ev.Health
		}
		if !r.live {
			line = fmt.Sprintf("health  %s is %s", subject, ev.Health.Status)
			if ev.Message != "" && !settled(ev.Health) {
				line += ": " + ev.Message
			}
		}
	}
	r.clear()
	if line != "" {
		r.print(cut(line, 0) + "\n")
	}
	r.draw()
}

var past = map[Action]string{Create: "created", Update: "updated", Adopt: "adopted", Hook: "ran", Prune: "pruned"}

// draw writes the bar and the first of the objects that are waited for.
func (r *Progress) draw() {
	if !r.live {
		return
	}
	var lines []string
	if r.total > 0 {
		lines = append(lines, r.bar())
	}
	refs := make([]cluster.Ref, 0, len(r.waiting))
	for ref := range r.waiting {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, cluster.Ref.Compare)
	for i, ref := range refs {
		if i == r.lines {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(refs)-i))
			break
		}
		u := Unhealthy{Ref: ref, Result: r.waiting[ref]}
		lines = append(lines, "  "+u.String())
	}
	for _, l := range lines {
		r.print(cut(l, r.width-1) + "\n")
	}
	r.drawn = len(lines)
}

// clear takes the bar off the screen.
func (r *Progress) clear() {
	if r.drawn > 0 {
		// Up to the bar's first line, and erase from there to the end of the screen.
		r.print(fmt.Sprintf("\x1b[%dA\x1b[J", r.drawn))
		r.drawn = 0
	}
}

func (r *Progress) bar() string {
	count := fmt.Sprintf(" %d/%d", r.done, r.total)
	if r.bad > 0 {
		count += fmt.Sprintf(", %d not done", r.bad)
	}
	room := min(40, max(8, r.width-len(count)-4))
	full := room * min(r.done, r.total) / r.total
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "]" + count
}

func (r *Progress) print(s string) {
	if _, err := io.WriteString(r.w, s); err != nil && r.err == nil {
		r.err = err
	}
}

// cut shortens a line to n columns and takes out what would move the cursor.
func cut(s string, n int) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
	if n > 0 && len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return string(runes)
}
