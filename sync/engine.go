package sync

import (
	"log/slog"
	"sync"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// Options configures an [Engine]. Nil means the defaults, which prune nothing and take nothing over.
type Options struct {
	// Manager is the field manager of all writes. Default "setpoint". Engines that write to one cluster for different
	// purposes need different managers only if they share objects.
	Manager string
	// Namespace is given to objects of namespaced kinds that name none. Without it they are [ErrNamespace].
	Namespace string
	// Prune deletes recorded objects that left a complete desired state. Without it, a plan lists them as skipped.
	Prune bool
	// AllowEmpty permits a prune when the desired state has no objects at all, or nothing but hooks, which is more often a
	// wrong path than a wish.
	AllowEmpty bool
	// PruneShare is the greatest share of the recorded objects that one plan may prune, from 0 to 1; it is not applied
	// to ten objects or fewer. Default 0.5. More is [ErrGuard].
	PruneShare float64
	// Propagation says what becomes of the objects that a pruned object owns. Default background.
	Propagation cluster.Propagation
	// Force takes fields over from other managers; the plan shows which, and from whom. Without it, such a step fails
	// with a [*cluster.ConflictError]. To undo a change by hand needs it, since a field belongs to the manager that
	// changed it last.
	Force bool
	// Confirm asks the server, by a dry run, about every object that seems to differ: the plan then shows what webhooks add to
	// an apply and what the server would refuse, and has no step for an apply that webhooks would undo. Without it, only
	// those are asked about that the comparison is unsure of.
	Confirm bool
	// Dialect says whose annotations are read. The zero value reads all that it knows.
	Dialect dialect.Dialect
	// Approve answers for objects whose annotations want a prune confirmed. Nil means that nobody has.
	Approve func(ref cluster.Ref) bool
	// Ignore says which fields are left alone: no difference in them makes a step, and no step changes them. Default none.
	Ignore *diff.Ignore
	// OnFailure says what still happens after a step has failed. Default [FinishWave].
	OnFailure FailurePolicy
	// Concurrency is the number of requests in flight. Default 16.
	Concurrency int
	// Health judges objects. Default health.New(nil).
	Health health.Checker
	// Schemas are what comparisons go by. Engines of one cluster may share them, which saves reading the cluster's
	// documents anew. Default: the engine's own, from the client if it can hand documents out ([cluster.OpenAPI]), on top of
	// those of Kubernetes that are embedded.
	Schemas *diff.Schemas
	// Deadline is how long one gate, or [Engine.Wait], waits for health. Default 5 minutes.
	Deadline time.Duration
	// Grace is how long an object may be Degraded, or have no controller that reports on it, before a gate
	// takes that for its state. Default 10 seconds.
	Grace time.Duration
	// Patience is how long a request is repeated that fails for a passing cause, such as a server that does not answer.
	// Default 30 seconds.
	Patience time.Duration
	// Logger gets what is of use for finding a fault and is in no event. Nil discards.
	Logger *slog.Logger
	// Key authenticates the digests of Secrets in stored plans. Without it a plan that writes Secrets cannot be bound
	// again, since a plain digest would tell a reader of the plan which of his guesses is right.
	Key []byte
}

// FailurePolicy says what a run still does after a step has failed. What needs the failed step is never done, nothing is pruned, and the
// error names every failure, whatever the policy.
type FailurePolicy string

const (
	// FinishWave goes on with the wave of the failed step and begins no later one.
	FinishWave FailurePolicy = ""
	// Stop starts nothing any longer.
	Stop FailurePolicy = "Stop"
	// BestEffort goes on with later waves too. Hooks that run after the sync do not run.
	BestEffort FailurePolicy = "BestEffort"
)

// Engine plans and runs. Make one with [New].
type Engine struct {
	client   cluster.Client
	inv      Inventory
	opts     Options
	comparer *diff.Comparer

	// confirmer keeps the answers of dry runs, which hold as long as neither side changes.
	confirmer *diff.Confirmer

	mu sync.Mutex
	// clusterID is the cluster's identity, read once.
	clusterID string
}

// New returns an engine that writes through c and keeps its record in inv. It makes no request.
func New(c cluster.Client, inv Inventory, opts *Options) *Engine {
	e := &Engine{client: c, inv: inv}
	if opts != nil {
		e.opts = *opts
	}
	o := &e.opts
	if o.Manager == "" {
		o.Manager = "setpoint"
	}
	if o.PruneShare <= 0 {
		o.PruneShare = 0.5
	}
	if o.Propagation == cluster.PropagationDefault {
		o.Propagation = cluster.PropagationBackground
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 16
	}
	if o.Health == nil {
		o.Health = health.New(nil)
	}
	if o.Deadline <= 0 {
		o.Deadline = 5 * time.Minute
	}
	if o.Grace <= 0 {
		o.Grace = 10 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Schemas == nil {
		docs, _ := c.(cluster.OpenAPI)
		o.Schemas = diff.NewSchemas(docs)
	}
	e.confirmer = diff.NewConfirmer(patient{e}, &diff.ConfirmOptions{Timeout: o.Patience + slowestWebhook})
	e.comparer = diff.New(o.Manager, o.Schemas, &diff.Options{Ignore: o.Ignore})
	return e
}
