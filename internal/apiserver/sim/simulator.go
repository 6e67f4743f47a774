package sim

import (
	"errors"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// Simulator is the controller. Its zero value is not usable; see [New].
type Simulator struct {
	api     apiserver.API // of the change that is handled
	view    *view
	started bool

	podAddresses, balancerAddresses int // given out
}

var _ apiserver.Controller = (*Simulator)(nil)

// New returns a simulator for one server. Register it before the first write, or after: the server hands it what is there.
func New() *Simulator { return &Simulator{view: newView()} }

// Name returns "simulator".
func (s *Simulator) Name() string { return "simulator" }

// Handle reacts to one change with what every simulated part would do about it.
func (s *Simulator) Handle(api apiserver.API, change apiserver.Change) error {
	s.api = api
	if !s.started {
		if err := s.start(); err != nil {
			return err
		}
		s.started = true
	}
	s.view.apply(change)
	kind := schema.GroupKind{Group: change.Kind.Group, Kind: change.Kind.Kind}
	at := key{kind: kind, namespace: change.Object.GetNamespace(), name: change.Object.GetName()}
	var faults []error
	for _, react := range reactions[kind] {
		faults = append(faults, react(s, at, change))
	}
	return errors.Join(faults...)
}

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
		namespaces.GroupKind():      {on((*Simulator).furnish)},
		serviceAccounts.GroupKind(): {refurnish},
		configMaps.GroupKind():      {refurnish, on((*Simulator).wakePods)},
		secrets.GroupKind():         {on((*Simulator).wakePods)},
		nodes.GroupKind():           {on((*Simulator).allDaemonSets)},
		pods.GroupKind():            {on((*Simulator).pod), ownerOf, podServices, podBudgets, podClaims},
		deployments.GroupKind():     {on((*Simulator).deployment), on((*Simulator).autoscalersOf)},
		replicaSets.GroupKind():     {on((*Simulator).replicaSet), ownerOf, on((*Simulator).autoscalersOf)},
		statefulSets.GroupKind():    {on((*Simulator).statefulSet), on((*Simulator).autoscalersOf)},
		daemonSets.GroupKind():      {on((*Simulator).daemonSet)},
		jobs.GroupKind():            {on((*Simulator).job)},
		claims.GroupKind():          {on((*Simulator).claim), on((*Simulator).wakePods)},
		volumes.GroupKind():         {on((*Simulator).volume)},
		storageClasses.GroupKind():  {on((*Simulator).allClaims)},
		services.GroupKind():        {on((*Simulator).balancer), endpointsOf, on((*Simulator).serviceAPIs)},
		endpointSlices.GroupKind():  {sliceService},
		endpoints.GroupKind():       {endpointsService},
		autoscalers.GroupKind():     {on((*Simulator).autoscaler)},
		budgets.GroupKind():         {on((*Simulator).budget)},
		apiServices.GroupKind():     {on((*Simulator).apiService)},
	}
}
