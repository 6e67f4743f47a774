package sync

import (
	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Desired is the state that a set of objects shall have. The objects are read and neither changed nor kept.
type Desired struct {
	Objects []*unstructured.Unstructured
	// Origins tells where each object came from, in the order of Objects. It may be shorter, or nil.
	Origins []cluster.Origin
	// Revision names the state, for people and records.
	Revision string
	// Trigger names the occasion, if there is one. Hooks run once for each desired state; they run again for the same one when
	// the trigger is another.
	Trigger string
	// Only picks the objects to sync; the others are left as they are. Nothing is pruned then, and no hook runs. The zero value
	// picks all.
	Only Selection
	// Complete says that Objects is all of it, so that a recorded object which is not among them has left. Without it
	// nothing is pruned.
	Complete bool
}

func (d Desired) origin(i int) cluster.Origin {
	if i < len(d.Origins) {
		return d.Origins[i]
	}
	return cluster.Origin{}
}
