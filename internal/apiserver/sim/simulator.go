package sim

import (
	"errors"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// Simulator is the controller. Its zero value is not usable; see [New].
type Simulator struct {
	api     apiserver.API // of the change that is handled
	view    *view
	started bool

	podAddresses, balancerAddresses int // given out

	rules    []Rule
	pace     pace
	fates    map[types.UID]bool    // of pods that are not restarted: whether they fail
	failures map[types.UID]int     // of the pods of a controller, so far
	counted  map[types.UID]bool    // pods that their Job's status counts already
	backoffs map[types.UID]backoff // of Jobs
}

var _ apiserver.Controller = (*Simulator)(nil)

// New returns a simulator for one server. Register it before the first write, or after: the server hands it what is there.
func New() *Simulator {
	return &Simulator{
		view: newView(), pace: newPace(), fates: map[types.UID]bool{}, failures: map[types.UID]int{},
		counted: map[types.UID]bool{}, backoffs: map[types.UID]backoff{},
	}
}

// Name returns "simulator".
func (s *Simulator) Name() string { return "simulator" }

// Handle reacts to one change with what every simulated part would do about it.
func (s *Simulator) Handle(api apiserver.API, change apiserver.Change) error {
	if err := s.begin(api); err != nil {
		return err
	}
	s.view.apply(change)
	kind := schema.GroupKind{Group: change.Kind.Group, Kind: change.Kind.Kind}
	at := key{kind: kind, namespace: change.Object.GetNamespace(), name: change.Object.GetName()}
	if change.Type == apiserver.Deleted {
		defer s.forget(at, change.Object.GetUID())
	}
	var faults []error
	for _, react := range reactions[kind] {
		faults = append(faults, react(s, at, change))
	}
	return errors.Join(append(faults, s.tick())...)
}

// begin takes the server of a call, and makes the cluster's furniture at the first.
func (s *Simulator) begin(api apiserver.API) error {
	s.api = api
	if s.started {
		return nil
	}
	s.started = true
	return s.start()
}

// Protects keeps the finalizers that the server would otherwise take off itself: the simulator takes them off when nothing
// uses the object any more.
func (s *Simulator) Protects() bool { return true }

// A reaction is what one part does about a change. It finds the newest state in the view; the change tells it what has gone.
type reaction func(s *Simulator, at key, change apiserver.Change) error

// on makes a reaction of a step that needs no more than the object's place.
func on(step func(s *Simulator, at key) error) reaction {
	return func(s *Simulator, at key, _ apiserver.Change) error { return step(s, at) }
}

// reactions says which parts look at which kinds, in which order.
var reactions map[schema.GroupKind][]reaction

func init() { // a literal would be a cycle: steps lead back to the table
	reactions = map[schema.GroupKind][]reaction{
		namespaces.GroupKind():        {on((*Simulator).furnish)},
		serviceAccounts.GroupKind():   {refurnish},
		configMaps.GroupKind():        {refurnish, on((*Simulator).wakePods)},
		secrets.GroupKind():           {on((*Simulator).wakePods)},
		nodes.GroupKind():             {on((*Simulator).node), on((*Simulator).allDaemonSets)},
		pods.GroupKind():              {on((*Simulator).pod), ownerOf, podServices, podBudgets, podClaims},
		deployments.GroupKind():       {on((*Simulator).deployment), on((*Simulator).autoscalersOf)},
		replicaSets.GroupKind():       {on((*Simulator).replicaSet), ownerOf, on((*Simulator).autoscalersOf)},
		replications.GroupKind():      {on((*Simulator).replication), on((*Simulator).autoscalersOf)},
		statefulSets.GroupKind():      {on((*Simulator).statefulSet), on((*Simulator).autoscalersOf)},
		daemonSets.GroupKind():        {on((*Simulator).daemonSet)},
		jobs.GroupKind():              {on((*Simulator).job), freeJobPods, ownerOf},
		cronJobs.GroupKind():          {on((*Simulator).cronJob)},
		claims.GroupKind():            {on((*Simulator).claim), on((*Simulator).wakePods), on((*Simulator).allAttributes)},
		volumes.GroupKind():           {on((*Simulator).volume), on((*Simulator).allAttributes)},
		attributesClasses.GroupKind(): {on((*Simulator).attributes)},
		storageClasses.GroupKind():    {on((*Simulator).allClaims)},
		services.GroupKind():          {on((*Simulator).balancer), endpointsOf, on((*Simulator).serviceAPIs)},
		ingresses.GroupKind():         {on((*Simulator).ingress)},
		endpointSlices.GroupKind():    {sliceService},
		endpoints.GroupKind():         {endpointsService},
		autoscalers.GroupKind():       {on((*Simulator).autoscaler)},
		budgets.GroupKind():           {on((*Simulator).budget)},
		apiServices.GroupKind():       {on((*Simulator).apiService)},
	}
}
