package sync

import (
	"errors"
	"fmt"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// object is a desired object on its way into a plan.
type object struct {
	ref     cluster.Ref
	origin  cluster.Origin
	version string
	wave    int
	// asks is what the object's annotations ask for.
	asks dialect.Directives
	// times are the phases at which the plan may run it as a hook.
	times []dialect.Phase
	// unread is what was wrong with the annotations.
	unread error
	// obj is our own copy, with namespace and marks.
	obj     *unstructured.Unstructured
	desired *diff.Desired
	// crd is the desired definition of the kind; nil when there is none.
	crd *object
	// unserved says that the cluster does not serve the kind at this version until the definition is applied.
	unserved bool
	// readAt is the version at which the live object is read: the desired one, or another while that is not served.
	// Empty means that there can be no live object.
	readAt string
	// unselected says that the plan is not about the object.
	unselected bool
	// skip is why the object is left alone; empty for those that are not. leave is the same of one that is left alone as it is
	// because it is there already.
	skip, leave string

	// generated says that the name is to be made; it is the beginning of one until then.
	generated bool
	// early says that the object is made before the hooks that run before everything else.
	early bool
	// ending says that the object's namespace is being deleted, and the object with it.
	ending bool

	live       *unstructured.Unstructured
	comparison *diff.Comparison
	health     health.Result
}

func (o *object) fault(err error) error {
	return &Error{Op: "plan", Ref: o.ref, Origin: o.origin, Err: err}
}

// place says of a request that failed which desired object it was for, and where that comes from.
func place(objects []*object, err error) error {
	var request *cluster.Error
	if errors.As(err, &request) {
		if i := slices.IndexFunc(objects, func(o *object) bool { return o.ref == request.Ref }); i >= 0 {
			return objects[i].fault(err)
		}
	}
	return fmt.Errorf("plan: %w", err)
}

// terminating says that the live object is on its way out and nothing written to it would last.
func (o *object) terminating() bool {
	return o.live != nil && (o.ending || o.live.GetDeletionTimestamp() != nil)
}
