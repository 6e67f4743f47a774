package dialect

import (
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Directives is what the annotations of an object ask for. The zero value asks for nothing: the object is applied in wave 0, watched,
// and pruned when it has left the desired state.
type Directives struct {
	// Wave is the place among waves, from the lowest to the highest.
	Wave int
	// Phases are the times at which the object is run as a hook; none for an ordinary object.
	Phases []Phase
	// HookDelete says when the object of a hook is deleted. Default [BeforeHookCreation].
	HookDelete []HookDelete
	// Apply is how the object is written.
	Apply Method
	// Because is the annotation that chose Apply or made the object a hook, as "annotation says value"; empty when none did.
	Because string
	// Prune says whether the object may be deleted when it has left the desired state; Delete, when the whole set is deleted.
	Prune, Delete Consent
	// PruneLast has the object deleted after all others.
	PruneLast bool
	// Propagation says what becomes of what the object owns when it is deleted. Default: that of the whole sync.
	Propagation cluster.Propagation
	// Recreate permits deleting the object and making it anew when a field cannot be changed.
	Recreate bool
	// KeepManagers leaves fields to managers that wrote them by client-side apply, which are taken over otherwise.
	KeepManagers bool
	// Validation is what the server does about fields that it does not know. Default: that of the whole sync.
	Validation cluster.Validation
	// KindMayBeMissing says that the kind may come to be served later on, by what another object of the set brings.
	KindMayBeMissing bool
	// IgnoreHealth keeps the object's health from being waited for and from counting.
	IgnoreHealth bool
	// DependsOn are objects that have to be there and healthy before this one is applied, and that outlive it.
	DependsOn []cluster.Ref
	// CompareOptions is the value of argocd.argoproj.io/compare-options.
	CompareOptions string
	// Notes name wishes that mean nothing here, for a person.
	Notes []string
}

// Hook reports whether the object is a hook.
func (d Directives) Hook() bool { return len(d.Phases) > 0 }

// Phase is a time at which a hook runs.
type Phase string

const (
	// PreSync is before anything else is written.
	PreSync Phase = "PreSync"
	// Sync is among the ordinary objects, in the hook's wave.
	Sync Phase = "Sync"
	// PostSync is when everything is applied and healthy.
	PostSync Phase = "PostSync"
	// SyncFail is after something failed.
	SyncFail Phase = "SyncFail"
	// PreDelete is before the set is deleted.
	PreDelete Phase = "PreDelete"
	// PostDelete is when the set is gone.
	PostDelete Phase = "PostDelete"
)

// HookDelete says when the object of a hook is deleted.
type HookDelete string

const (
	// BeforeHookCreation deletes what an earlier run left before the hook runs again.
	BeforeHookCreation HookDelete = "BeforeHookCreation"
	// HookSucceeded deletes it when the sync that it ran in has succeeded.
	HookSucceeded HookDelete = "HookSucceeded"
	// HookFailed deletes it when that has failed.
	HookFailed HookDelete = "HookFailed"
)

// Method is how an object is written.
type Method string

const (
	// Apply is a server-side apply.
	Apply Method = ""
	// CreateOnly creates the object where there is none, and leaves one that is there as it is.
	CreateOnly Method = "CreateOnly"
	// Replace writes the object whole, so that what others have set goes.
	Replace Method = "Replace"
	// Never leaves the object alone: it is neither written nor deleted.
	Never Method = "Never"
)

// Consent is whether an object may be deleted.
type Consent struct {
	Answer Answer
	// By is the annotation that says so, as "annotation says value"; empty when none does.
	By string
}

// Answer is one of three.
type Answer string

const (
	// Yes is the default.
	Yes Answer = ""
	// Confirm wants somebody to say so first.
	Confirm Answer = "Confirm"
	// No means never.
	No Answer = "No"
)

// String returns "Yes", "Confirm" or "No".
func (a Answer) String() string {
	if a == Yes {
		return "Yes"
	}
	return string(a)
}

var strictness = []Answer{Yes, Confirm, No}

// stricter keeps the stricter of two answers.
func (c *Consent) stricter(a Answer, by string) {
	if slices.Index(strictness, a) > slices.Index(strictness, c.Answer) {
		*c = Consent{a, by}
	}
}
