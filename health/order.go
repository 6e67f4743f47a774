package health

import "slices"

// order is Argo CD's, from the best to the worst.
var order = []Status{Healthy, Suspended, Progressing, Missing, Degraded, Unknown}

// Compare returns a negative number when s is better than other, zero when they are equal, and a positive number when s is
// worse, in Argo CD's order: Healthy, Suspended, Progressing, Missing, Degraded, Unknown. Any other word counts as Unknown.
func (s Status) Compare(other Status) int { return s.rank() - other.rank() }

func (s Status) rank() int {
	if i := slices.Index(order, s); i >= 0 {
		return i
	}
	return len(order) - 1
}

// Worst returns the worst of the given states, [Healthy] when there are none.
func Worst(states ...Status) Status {
	worst := Healthy
	for _, s := range states {
		if s.Compare(worst) > 0 {
			worst = s
		}
	}
	return worst
}

// KStatus returns the word of sigs.k8s.io/cli-utils' kstatus that is nearest: Current, InProgress, Failed, Terminating, NotFound or
// Unknown. Suspended is Current there, because nothing is on its way.
func (r Result) KStatus() string {
	switch r.Status {
	case Healthy, Suspended:
		return "Current"
	case Progressing:
		if r.Reason == ReasonDeleting || r.Reason == ReasonDeletionBlocked {
			return "Terminating"
		}
		return "InProgress"
	case Degraded:
		return "Failed"
	case Missing:
		return "NotFound"
	default:
		return "Unknown"
	}
}
