package sim

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// pace knows what waits: for steps, or for the clock.
type pace struct {
	steps   int               // taken so far
	born    map[types.UID]int // the step at which an object's own count began
	waiting map[key]bool      // looked at again by the next step
	due     map[key]time.Time // looked at again by then
	next    time.Time         // no later than the earliest of due; zero when there is none
}

func newPace() pace {
	return pace{born: map[types.UID]int{}, waiting: map[key]bool{}, due: map[key]time.Time{}}
}

func (p *pace) forget() { p.born, p.waiting = map[types.UID]int{}, map[key]bool{} }

// early reports whether an object has fewer than a number of steps behind it, and has it looked at again by the next step if so.
func (p *pace) early(at key, uid types.UID, steps int) bool {
	if steps == 0 {
		return false
	}
	born, ok := p.born[uid]
	if !ok {
		born = p.steps
		p.born[uid] = born
	}
	if p.steps-born >= steps {
		return false
	}
	p.waiting[at] = true
	return true
}

// at has an object looked at again when the clock reaches a time; of several times the earliest holds.
func (p *pace) at(at key, when time.Time) {
	if old, ok := p.due[at]; ok && !when.Before(old) {
		return
	}
	p.due[at] = when
	if p.next.IsZero() || when.Before(p.next) {
		p.next = when
	}
}

// clear drops what an object waits for, because it is about to be looked at.
func (p *pace) clear(at key) { delete(p.due, at) }

// reached returns what is due, in the order of time and place.
func (p *pace) reached(now time.Time) []key {
	if p.next.IsZero() || now.Before(p.next) {
		return nil
	}
	var out []key
	p.next = time.Time{}
	for at, when := range p.due {
		if !now.Before(when) {
			out = append(out, at)
			continue
		}
		if p.next.IsZero() || when.Before(p.next) {
			p.next = when
		}
	}
	slices.SortFunc(out, func(a, b key) int { return cmp.Or(p.due[a].Compare(p.due[b]), compareKeys(a, b)) })
	for _, at := range out {
		delete(p.due, at)
	}
	return out
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.kind.Kind, b.kind.Kind), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
}

// Waiting returns what the next step would move, as "Kind namespace/name".
func (s *Simulator) Waiting() []string {
	var out []string
	for _, at := range slices.SortedFunc(maps.Keys(s.pace.waiting), compareKeys) {
		if s.view.get(at) != nil {
			out = append(out, at.String())
		}
	}
	return out
}

// Due returns when the clock next makes a difference; false means never.
func (s *Simulator) Due() (time.Time, bool) {
	var next time.Time
	for at, when := range s.pace.due {
		if s.view.get(at) == nil {
			delete(s.pace.due, at)
			continue
		}
		if next.IsZero() || when.Before(next) {
			next = when
		}
	}
	s.pace.next = next
	return next, !next.IsZero()
}

// Step moves everything on that waits for a step, and does what is due.
func (s *Simulator) Step(api apiserver.API) error {
	if err := s.begin(api); err != nil {
		return err
	}
	s.pace.steps++
	waiting := slices.SortedFunc(maps.Keys(s.pace.waiting), compareKeys)
	s.pace.waiting = map[key]bool{}
	faults := []error{}
	for _, at := range waiting {
		faults = append(faults, s.look(at))
	}
	return errors.Join(append(faults, s.tick())...)
}

// Tick does what is due.
func (s *Simulator) Tick(api apiserver.API) error {
	if err := s.begin(api); err != nil {
		return err
	}
	return s.tick()
}

func (s *Simulator) tick() error {
	var faults []error
	for _, at := range s.pace.reached(s.api.Now()) {
		faults = append(faults, s.look(at))
	}
	return errors.Join(faults...)
}

// look takes the step of the part that an object belongs to.
func (s *Simulator) look(at key) error {
	step := parts[at.kind]
	if step == nil || s.view.get(at) == nil {
		return nil
	}
	return step(s, at)
}

// lookAtAll looks at every object of some kinds.
func (s *Simulator) lookAtAll(kinds ...schema.GroupVersionKind) error {
	var faults []error
	for _, kind := range kinds {
		for _, obj := range s.view.everywhere(kind) {
			faults = append(faults, s.look(key{kind: kind.GroupKind(), namespace: obj.GetNamespace(), name: obj.GetName()}))
		}
	}
	return errors.Join(faults...)
}

// parts says which step belongs to the objects of a kind.
var parts map[schema.GroupKind]func(*Simulator, key) error

func init() { // a literal would be a cycle
	parts = map[schema.GroupKind]func(*Simulator, key) error{
		pods.GroupKind(): (*Simulator).pod, nodes.GroupKind(): (*Simulator).node,
		deployments.GroupKind(): (*Simulator).deployment, replicaSets.GroupKind(): (*Simulator).replicaSet,
		replications.GroupKind(): (*Simulator).replication,
		statefulSets.GroupKind(): (*Simulator).statefulSet, daemonSets.GroupKind(): (*Simulator).daemonSet,
		jobs.GroupKind(): (*Simulator).job, cronJobs.GroupKind(): (*Simulator).cronJob,
		claims.GroupKind(): (*Simulator).claim, services.GroupKind(): (*Simulator).balancer, ingresses.GroupKind(): (*Simulator).ingress,
		autoscalers.GroupKind(): (*Simulator).autoscaler,
	}
}
