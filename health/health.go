package health

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Status is the health of an object, in Argo CD's words.
type Status string

const (
	// Healthy: the object does what it was made for.
	Healthy Status = "Healthy"
	// Suspended: the object was paused on purpose.
	Suspended Status = "Suspended"
	// Progressing: not healthy yet, and still on the way as far as one can tell.
	Progressing Status = "Progressing"
	// Missing: the object does not exist.
	Missing Status = "Missing"
	// Degraded: the object failed, or did not get there in its own time.
	Degraded Status = "Degraded"
	// Unknown: the object's state cannot be judged.
	Unknown Status = "Unknown"
)

// Result is a judgement with its grounds.
type Result struct {
	Status Status
	// Reason is one CamelCase word for programs, such as "ProgressDeadlineExceeded".
	Reason string
	// Message is for a person who has to act.
	Message string
	// Rule names the rule that decided, such as "apps/Deployment" or "conditions".
	Rule string
}

// Checker judges objects.
type Checker interface {
	// Check judges one object by what its own fields say. A nil object is [Missing]. The error is for a rule that
	// could not run; what an object says, however odd, is never an error.
	Check(obj *unstructured.Unstructured) (Result, error)
}

// CheckerFunc adapts a function to [Checker].
type CheckerFunc func(obj *unstructured.Unstructured) (Result, error)

// Check calls f.
func (f CheckerFunc) Check(obj *unstructured.Unstructured) (Result, error) { return f(obj) }
