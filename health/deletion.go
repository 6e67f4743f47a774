package health

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// deletionPatience is how long after its time an object may still be there before the deletion counts as stuck.
const deletionPatience = time.Minute

// deletion judges an object that is being deleted.
func deletion(o view, now time.Time) (Result, bool) {
	at := o.str("metadata", "deletionTimestamp")
	if at == "" {
		return Result{}, false
	}
	r := Result{Status: Progressing, Reason: ReasonDeleting, Message: "is being deleted since " + at, Rule: "deletionTimestamp"}
	finalizers := o.strs("metadata", "finalizers")
	if len(finalizers) > 0 {
		r.Message += fmt.Sprintf("; waits for the controllers of its finalizers %s", strings.Join(finalizers, ", "))
		if due, err := time.Parse(time.RFC3339, at); err == nil && now.Sub(due) > deletionPatience {
			r.Reason = ReasonDeletionBlocked
		}
	}
	if o.str("kind") == "Namespace" && o.str("apiVersion") == "v1" {
		for _, c := range o.conditions() {
			if c.isTrue() && slices.Contains(namespaceLeftovers, c.kind) {
				r.Message += "; " + c.message
			}
		}
	}
	return r, true
}

// namespaceLeftovers are the conditions in which the namespace controller says what keeps a namespace.
var namespaceLeftovers = []string{
	"NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure", "NamespaceDeletionContentFailure",
	"NamespaceContentRemaining", "NamespaceFinalizersRemaining",
}
