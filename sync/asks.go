package sync

import (
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// left says why an object is left alone whatever is live; empty for one that is not. Times are the phases at which it may run.
func left(asks dialect.Directives, times []dialect.Phase) string {
	switch {
	case asks.Apply == dialect.Never:
		return asks.Because
	case asks.Hook() && len(times) == 0:
		return asks.Because + ": it is for when the set is deleted"
	}
	return ""
}

// unheard are the wishes that an apply does not heed.
func unheard(asks dialect.Directives) []string {
	out := slices.Clone(asks.Notes)
	if asks.Apply == dialect.Replace {
		out = append(out, asks.Because+", and it is applied all the same")
	}
	if asks.Recreate {
		out = append(out, "it may be made anew when a field cannot be changed, and that is not done")
	}
	return out
}

// keptBy says why a live object that left the desired state is not pruned, or not deleted with its set; empty when nothing speaks against it. What cannot be
// read may have been meant to keep it.
func (e *Engine) keptBy(ref cluster.Ref, live *unstructured.Unstructured, deleting bool) (why string, asks dialect.Directives) {
	asks, err := e.opts.Dialect.Read(live)
	consent := asks.Prune
	if deleting {
		consent = asks.Delete
	}
	switch {
	case err != nil:
		return err.Error(), asks
	case asks.Apply == dialect.Never:
		return asks.Because, asks
	case consent.Answer == dialect.No, consent.Answer == dialect.Confirm && !e.approved(ref):
		return consent.By, asks
	}
	return "", asks
}

func (e *Engine) approved(ref cluster.Ref) bool { return e.opts.Approve != nil && e.opts.Approve(ref) }
