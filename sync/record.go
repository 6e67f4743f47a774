package sync

import (
	"context"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Inventory remembers which objects belong to a set. It is the only ground on which anything is pruned, so an
// implementation answers with what it knows, or with an error, and never with an empty record for one that it could not
// read.
//
// One that keeps the record in an object of the cluster names the object by a String method, in the form of
// [cluster.Ref.String]; the namespace and the definition that hold it are never pruned.
//
// Package sync/inventory has an implementation that keeps the record in the cluster.
type Inventory interface {
	// Label puts the marks of membership, labels or annotations, on obj. It is called before obj is compared, and once
	// on an empty object to learn the marks, so the marks are the same for every object of the set. An inventory
	// without marks is legal: nothing is ever pruned through it.
	Label(obj *unstructured.Unstructured) error
	// Load reads the record. An inventory that was never saved gives an empty record with an empty Version.
	Load(ctx context.Context) (*Record, error)
	// Save stores r in place of the record that Load answered with r.Version, and sets r.Version to the new one. When
	// another record was stored meanwhile the error matches [cluster.ErrConflict] and nothing is stored.
	Save(ctx context.Context, r *Record) error
}

// Record is what an [Inventory] stores.
type Record struct {
	// Members are the objects of the set, sorted by Ref, each once.
	Members []Member `json:"members"`
	// Applied identifies the desired state with hooks, and the trigger, that were last brought about completely. Its hooks do not run
	// again.
	Applied string `json:"applied,omitempty"`
	// Operation is the run under way. It is nil when the last run ended by saving its record.
	Operation *Operation `json:"operation,omitempty"`
	// Version is opaque to all but the Inventory; empty in a record that was never saved.
	Version string `json:"-"`
}

// Member is an object of the set.
type Member struct {
	cluster.Ref
	// UID tells the object from an earlier or later one of the same name. It is empty from the moment before the object
	// is created until the run that created it ends.
	UID types.UID `json:"uid,omitempty"`
}

// Operation is a run that has begun to write.
type Operation struct {
	// ID names the run: a hash of the inventory, the desired state and the record that it began from. A run that takes the place of one
	// that was cut off goes on under its ID.
	ID string `json:"id"`
	// Desired identifies the desired state and the trigger.
	Desired string `json:"desired,omitempty"`
	// Hooks are those that have been started.
	Hooks []HookRun `json:"hooks,omitempty"`
	// Plan is the digest of the plan that is carried out.
	Plan string `json:"plan"`
	// Revision is [Desired.Revision].
	Revision string    `json:"revision,omitempty"`
	Started  time.Time `json:"started"`
}

// HookRun is a hook that an operation has started.
type HookRun struct {
	// Step is the ID of the plan's step.
	Step string `json:"step"`
	// Ref and UID are the object that was made.
	Ref cluster.Ref `json:"ref"`
	UID types.UID   `json:"uid"`
	// Outcome is empty while the hook runs.
	Outcome HookOutcome `json:"outcome,omitempty"`
}

// HookOutcome is how a hook has ended.
type HookOutcome string

const (
	// HookHasSucceeded: it has done its work.
	HookHasSucceeded HookOutcome = "Succeeded"
	// HookHasFailed: it has not, and will not.
	HookHasFailed HookOutcome = "Failed"
)
