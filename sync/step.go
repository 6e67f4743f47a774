package sync

import (
	"strconv"
	"strings"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"k8s.io/apimachinery/pkg/types"
)

// Action is what a step does.
type Action string

const (
	// Create applies an object that does not exist.
	Create Action = "create"
	// Update applies an object that differs.
	Update Action = "update"
	// Adopt applies an object whose values are as desired, to own its fields.
	Adopt Action = "adopt"
	// Gate waits: for the health of objects, or just for the steps that it needs.
	Gate Action = "gate"
	// Hook makes an object that runs at a time of the sync, and waits until it has done its work.
	Hook Action = "hook"
	// Prune deletes an object that left the desired state.
	Prune Action = "prune"
	// Skip leaves an object alone on which one might expect a step.
	Skip Action = "skip"
)

// Writes reports whether the action sends a write.
func (a Action) Writes() bool {
	return a == Create || a == Update || a == Adopt || a == Hook || a == Prune
}

// Step is one thing that a plan does. Its fields are for reading.
type Step struct {
	// ID is unique in the plan and the same in every plan that does the same to the same object.
	ID     string
	Action Action
	// Ref is the object; zero for a gate.
	Ref cluster.Ref
	// Origin is where the desired object came from.
	Origin cluster.Origin
	// Reason says why there is such a step, for a person.
	Reason string
	Wave   int
	// Needs are the IDs of the steps that have to succeed before this one starts.
	Needs []string
	// Comparison is what justifies a create, update or adopt; nil for other steps.
	Comparison *diff.Comparison
	// UID and ResourceVersion are of the live object that was looked at; empty for a create.
	UID             types.UID
	ResourceVersion string
	// Waits are the objects for whose health a gate waits.
	Waits []cluster.Ref
	// Phase is when a hook runs, and of a gate which hooks it belongs to; empty for other steps.
	Phase dialect.Phase
	// Deadline is how long a gate or a hook waits.
	Deadline time.Duration
	// Propagation says what becomes of what a pruned object owns.
	Propagation cluster.Propagation

	// object is the index of the desired object in the plan, -1 for other steps.
	object int
	hook   *hook
	// probes have to be answered before a gate opens.
	probes []probe
	// terminating says that an object of that name, with UID, has to go before a create.
	terminating bool
}

// probe is an object by which a gate tells that the object's kind is served at a version.
type probe struct {
	ref     cluster.Ref
	version string
}

func objectID[T ~string](a T, r cluster.Ref) string {
	parts := []string{string(a), r.GroupKind().String()}
	if r.Namespace != "" {
		parts = append(parts, r.Namespace)
	}
	return strings.Join(append(parts, r.Name), "/")
}

// waveGatePrefix begins the IDs of the gates between waves of writes.
const waveGatePrefix = "gate/wave/"

// readyGatePrefix begins the IDs of the gates that wait for one object on which others depend.
const readyGatePrefix = "gate/ready"

func waveGateID(wave int) string { return waveGatePrefix + strconv.Itoa(wave) }

func crdGateID(name string) string { return "gate/served/" + name }
