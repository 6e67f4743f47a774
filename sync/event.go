package sync

import (
	"errors"
	"iter"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
)

// EventType says what an [Event] reports.
type EventType string

const (
	// Started: a step has begun.
	Started EventType = "Started"
	// Done: a step has succeeded.
	Done EventType = "Done"
	// Failed: a step has failed, with Err.
	Failed EventType = "Failed"
	// Blocked: a step will not start, since one that it needs failed or nothing may be written any longer. Message names
	// the cause.
	Blocked EventType = "Blocked"
	// Skipped: the plan leaves the object alone, for the reason in Message.
	Skipped EventType = "Skipped"
	// Warning: something to know that changes nothing, such as a warning of the server.
	Warning EventType = "Warning"
	// HealthChanged: an object that is waited for has another health than before, or the first.
	HealthChanged EventType = "HealthChanged"
)

// Event is something that happened in [Engine.Run] or [Engine.Wait].
type Event struct {
	Type EventType
	// Step is the step's ID; empty in Wait.
	Step   string
	Action Action
	// Ref is the object, zero for a gate's own events.
	Ref     cluster.Ref
	Message string
	// Health is set for [HealthChanged].
	Health health.Result
	// Err is set for [Failed].
	Err error
}

// Result sums a run up.
type Result struct {
	Created, Updated, Adopted, Hooks, Pruned, Skipped, Failed, Blocked int
	// Warnings are the messages of all warnings, with their objects.
	Warnings []string
	// Health is the last health seen of each object that was waited for.
	Health map[cluster.Ref]health.Result
}

// Writes is the number of objects that were written.
func (r Result) Writes() int { return r.Created + r.Updated + r.Adopted + r.Hooks + r.Pruned }

// Drain consumes a run to its end. The error joins those of all steps that failed, and what ended the run early.
func Drain(events iter.Seq2[Event, error]) (Result, error) {
	r := Result{Health: map[cluster.Ref]health.Result{}}
	var faults []error
	for ev, err := range events {
		if err != nil {
			faults = append(faults, err)
			break
		}
		r.add(ev)
		if ev.Type == Failed {
			faults = append(faults, ev.Err)
		}
	}
	return r, errors.Join(faults...)
}

func (r *Result) add(ev Event) {
	switch ev.Type {
	case Done:
		switch ev.Action {
		case Create:
			r.Created++
		case Update:
			r.Updated++
		case Adopt:
			r.Adopted++
		case Hook:
			r.Hooks++
		case Prune:
			r.Pruned++
		}
	case Failed:
		r.Failed++
	case Blocked:
		r.Blocked++
	case Skipped:
		r.Skipped++
	case Warning:
		text := ev.Message
		if ev.Ref.Kind != "" {
			text = ev.Ref.String() + ": " + text
		}
		r.Warnings = append(r.Warnings, text)
	case HealthChanged:
		r.Health[ev.Ref] = ev.Health
	}
}
