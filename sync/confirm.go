package sync

import (
	"context"
	"errors"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// maxReadings bounds how often an object is read anew that other writers keep moving while it is asked about.
const maxReadings = 5

// slowestWebhook is the longest that one admission webhook may be configured to take.
const slowestWebhook = 30 * time.Second

// patient tries applies as a run makes them: validated as the object asks for, and repeated when they fail for a passing cause.
type patient struct{ e *Engine }

func (p patient) Apply(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	asks, _ := p.e.opts.Dialect.Read(obj) // What cannot be read is a fault of the plan already.
	opts.Validation = asks.Validation
	return retryValue(ctx, p.e, func() (*cluster.Written, error) { return p.e.client.Apply(ctx, obj, opts) })
}

// doubtful says that the server is to be asked about a comparison.
func (e *Engine) doubtful(c *diff.Comparison) bool {
	return c.Verdict == diff.Unsure || e.opts.Confirm && (c.Verdict == diff.Differs || c.Verdict == diff.Conflict)
}

// confirm has the server say what an apply would do, and puts its answer in the place of the comparison. A refusal is no fault of the
// plan: the step is planned, and shows what the server said. Neither is a webhook without dry runs.
func (e *Engine) confirm(ctx context.Context, o *object) error {
	for range maxReadings {
		c, err := e.confirmer.Confirm(ctx, o.comparison)
		if err != nil {
			return err
		}
		o.comparison = c
		switch {
		case c.Precision != diff.Unconfirmed, errors.Is(c.Fault, diff.ErrNoDryRun):
			return nil
		case !errors.Is(c.Fault, cluster.ErrConflict):
			return c.Fault.Unwrap()
		}
		live, err := e.get(ctx, o.ref, o.version)
		if err != nil {
			return err
		}
		if live == nil || live.GetDeletionTimestamp() != nil {
			return c.Fault.Unwrap() // What was read is not there any more; another plan will see that.
		}
		o.live = live
		if o.comparison, err = e.comparer.Compare(o.desired, live); err != nil {
			return err
		}
		if !e.doubtful(o.comparison) {
			return nil
		}
	}
	return nil // It keeps moving; the computed answer stands.
}
