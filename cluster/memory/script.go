package memory

import (
	"errors"
	"fmt"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
)

// ScriptRule tells the simulated controllers how objects fare: those of a kind that match it and, when the kind is a
// workload, their pods. Of several rules the first one that matches an object or one that controls it holds. What no rule
// matches works at once.
type ScriptRule struct {
	// Kind is Pod, ReplicaSet, ReplicationController, Deployment, StatefulSet, DaemonSet, Job, CronJob, PersistentVolumeClaim,
	// Service, Node or HorizontalPodAutoscaler.
	Kind string
	// Namespace and Name are patterns as [path.Match] takes them, such as "web-*". Empty matches everything.
	Namespace, Name string
	// Labels are those that an object must have. Others do not matter.
	Labels map[string]string
	// Behavior is how it fares.
	Behavior Behavior
}

// Behavior says how an object fares. The zero value is the best case: what serves is ready at once, what works towards an end
// succeeds at once, claims are bound, Services and Ingresses have addresses, nodes are ready, metrics are on target.
type Behavior struct {
	// Outcome is where it ends. Empty is the best case.
	Outcome Outcome
	// After is how many steps ([Server.Step]) pass before that shows, counted from when the object could have begun or, if
	// that was later, from the last [Server.Script]. Until then a container runs and is not ready (one that works towards an end
	// is), a claim is Pending, a Service or an Ingress has no address, a node is not ready, metrics cannot be had.
	After int
	// Failures is how often a container crashes before that, and is restarted with the delays of a kubelet; of pods that
	// are not restarted, how many of their controller's fail before the first that does not.
	Failures int
	// Limit is how many pods [QuotaExceeded] admits at a time.
	Limit int
	// Lingers makes a deleted pod use up its grace period, on the server's clock. Others are gone at once.
	Lingers bool
	// Address is the IP address or host name that the load balancer of a Service or an Ingress gets, instead of one of 203.0.113.0/24.
	Address string
	// Replicas is the size that the metrics of a HorizontalPodAutoscaler call for. Zero is the size that there is.
	Replicas int32
}

// Outcome is where an object ends. The first three are also what the annotation "sim.setpoint.dev/fail" on a pod or in a pod
// template asks for; a rule that matches the pod comes before it.
type Outcome string

// The outcomes besides the empty one.
const (
	// ImagePull holds a pod in Pending, its containers waiting in ImagePullBackOff.
	ImagePull Outcome = "image-pull"
	// CrashLoop makes containers exit with an error whenever they are started: CrashLoopBackOff, with restarts that
	// are counted as the clock moves on, or a Failed pod when its restartPolicy is Never.
	CrashLoop Outcome = "crash-loop"
	// NeverReady makes containers run and never become ready or end; a claim is never bound, a Service gets no address, a
	// node is NotReady (its pods are evicted when their tolerations run out), an autoscaler finds no metrics.
	NeverReady Outcome = "never-ready"
	// QuotaExceeded refuses a workload's pods beyond Limit, as an exhausted ResourceQuota does.
	QuotaExceeded Outcome = "quota-exceeded"
)

// errNoControllers is the answer where there is nobody to follow a script.
var errNoControllers = errors.New("no controllers are simulated: set Options.Controllers")

// maxMoves bounds the steps of Settle, and what Advance does at one time. A test that needs more has something that never
// comes to rest.
const maxMoves = 10_000

// Script replaces the rules that the simulated controllers follow, and has them look at everything again: a rollout that was
// held back goes on when its rule is gone. No rules is the best case for all. It refuses a rule that cannot mean anything, by its
// place in the list, and changes nothing then.
func (s *Server) Script(rules ...ScriptRule) error {
	if s.sim == nil {
		return fmt.Errorf("script: %w", errNoControllers)
	}
	converted := make([]sim.Rule, len(rules))
	for i, r := range rules {
		b := r.Behavior
		converted[i] = sim.Rule{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Labels: r.Labels, Behavior: sim.Behavior{
			Outcome: sim.Outcome(b.Outcome), After: b.After, Failures: b.Failures, Limit: b.Limit,
			Lingers: b.Lingers, Address: b.Address, Replicas: b.Replicas,
		}}
	}
	err := s.core.Between(func(api apiserver.API) error { return s.sim.Script(api, converted) })
	if err != nil {
		return fmt.Errorf("script: %w", err)
	}
	return nil
}

// Step lets everything make one move that waits for one ([Behavior].After), and does what the clock has made due. It returns
// what controllers failed with on the way; without simulated controllers there is nothing to move.
func (s *Server) Step() error {
	if s.sim == nil {
		return nil
	}
	return s.core.Between(s.sim.Step)
}

// Settle steps until nothing waits for a step any more. What waits for the clock goes on waiting; see [Server.Advance]. What is
// scripted never to be ready does not wait. The error names what has not come to rest after 10,000 steps.
func (s *Server) Settle() error {
	if s.sim == nil {
		s.core.Settle()
		return nil
	}
	var waiting []string
	look := func(apiserver.API) error { waiting = s.sim.Waiting(); return nil }
	for range maxMoves {
		if err := errors.Join(s.Step(), s.core.Between(look)); err != nil || len(waiting) == 0 {
			return err
		}
	}
	return fmt.Errorf("settle: %d objects have not come to rest after %d steps, the first is %s", len(waiting), maxMoves, waiting[0])
}
