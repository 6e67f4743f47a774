package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	desiredAnnotation  = "deployment.kubernetes.io/desired-replicas"
	maxAnnotation      = "deployment.kubernetes.io/max-replicas"
	lastApplied        = "kubectl.kubernetes.io/last-applied-configuration"
	hashLabel          = appsv1.DefaultDeploymentUniqueLabelKey
)

// rollout is one look at a Deployment and its ReplicaSets.
type rollout struct {
	s       *Simulator
	at      key
	d       *appsv1.Deployment
	current *appsv1.ReplicaSet   // the one of the present template, nil before it exists
	old     []*appsv1.ReplicaSet // the others, oldest first
	created bool                 // current has been created in this step
}

// deployment takes one step of a Deployment's rollout; what the step writes leads to the next one.
func (s *Simulator) deployment(at key) error {
	s.pace.clear(at)
	d, err := find[appsv1.Deployment](s, at)
	if err != nil || d == nil {
		return err
	}
	r := &rollout{s: s, at: at, d: d}
	if err := r.look(); err != nil {
		return err
	}
	if d.DeletionTimestamp == nil {
		if err := r.step(); err != nil {
			return err
		}
		if err := r.look(); err != nil {
			return err
		}
	}
	return r.report()
}

func (r *rollout) look() error {
	sets, err := controlled[appsv1.ReplicaSet](r.s, replicaSets, r.d.UID)
	if err != nil {
		return err
	}
	for i := range sets {
		sets[i] = sets[i].DeepCopy() // sizes are noted in them
	}
	slices.SortStableFunc(sets, func(a, b *appsv1.ReplicaSet) int {
		return cmp.Or(cmp.Compare(revisionOf(a), revisionOf(b)), a.CreationTimestamp.Compare(b.CreationTimestamp.Time))
	})
	r.current, r.old = nil, nil
	for _, set := range sets {
		if r.current == nil && sameTemplate(&set.Spec.Template, &r.d.Spec.Template) {
			r.current = set
			continue
		}
		r.old = append(r.old, set)
	}
	return nil
}

// sameTemplate leaves the label out that a ReplicaSet's template has in addition.
func sameTemplate(a, b *corev1.PodTemplateSpec) bool {
	x, y := a.DeepCopy(), b.DeepCopy()
	delete(x.Labels, hashLabel)
	delete(y.Labels, hashLabel)
	return equality.Semantic.DeepEqual(x, y)
}

func revisionOf(set *appsv1.ReplicaSet) int {
	n, _ := strconv.Atoi(set.Annotations[revisionAnnotation])
	return n
}

func (r *rollout) step() error {
	if r.d.Spec.Paused {
		return r.scalePaused()
	}
	recreate := r.d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType
	if recreate {
		gone, err := r.stopOld()
		if err != nil || !gone {
			return err
		}
	}
	if err := r.ensureCurrent(); err != nil || r.current == nil {
		return err
	}
	if err := r.scaleCurrent(); err != nil {
		return err
	}
	if !recreate {
		if err := r.scaleOld(); err != nil {
			return err
		}
	}
	return r.trimHistory()
}

// ensureCurrent creates the ReplicaSet of the present template, or makes an old one current again, and numbers it.
func (r *rollout) ensureCurrent() error {
	last := 0
	for _, set := range r.old {
		last = max(last, revisionOf(set))
	}
	number := strconv.Itoa(last + 1)
	if r.current != nil {
		if revisionOf(r.current) > last {
			number = r.current.Annotations[revisionAnnotation]
		}
		if err := r.annotate(r.current, number, *r.current.Spec.Replicas); err != nil {
			return err
		}
		return r.number(number)
	}

	d := r.d
	hash := hashOf(&d.Spec.Template, d.Status.CollisionCount)
	template := d.Spec.Template.DeepCopy()
	template.Labels = with(template.Labels, hashLabel, hash)
	selector := d.Spec.Selector.DeepCopy()
	selector.MatchLabels = with(selector.MatchLabels, hashLabel, hash)
	r.created = true
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.Namespace, Name: d.Name + "-" + hash, Labels: template.Labels,
			Annotations: r.annotations(nil, number), OwnerReferences: controllerRef(&d.ObjectMeta, deployments),
		},
		Spec: appsv1.ReplicaSetSpec{Replicas: new(int32), MinReadySeconds: d.Spec.MinReadySeconds, Selector: selector, Template: *template},
	}
	*set.Spec.Replicas = r.room(0)
	created, err := r.s.create(replicaSets, set, controllerManager)
	if apierrors.IsAlreadyExists(err) {
		// Another template has this hash.
		return editTyped(r.s, deployments, &d.ObjectMeta, controllerManager, "status", func(d *appsv1.Deployment) {
			n := orDefault(d.Status.CollisionCount, 0) + 1
			d.Status.CollisionCount = &n
		})
	}
	if err != nil || created == nil {
		return err
	}
	if r.current, err = as[appsv1.ReplicaSet](created); err != nil {
		return err
	}
	return r.number(number)
}

// annotations are those of the Deployment, with what its controller notes.
func (r *rollout) annotations(have map[string]string, revision string) map[string]string {
	out := maps.Clone(have)
	if out == nil {
		out = map[string]string{}
	}
	for name, value := range r.d.Annotations {
		switch name {
		case lastApplied, revisionAnnotation, desiredAnnotation, maxAnnotation:
		default:
			out[name] = value
		}
	}
	out[revisionAnnotation] = revision
	out[desiredAnnotation] = strconv.Itoa(int(r.desired()))
	out[maxAnnotation] = strconv.Itoa(int(r.desired() + r.surge()))
	return out
}

// annotate writes a ReplicaSet's size and notes.
func (r *rollout) annotate(set *appsv1.ReplicaSet, revision string, replicas int32) error {
	err := editTyped(r.s, replicaSets, &set.ObjectMeta, controllerManager, "", func(live *appsv1.ReplicaSet) {
		live.Annotations = r.annotations(live.Annotations, revision)
		live.Spec.Replicas = &replicas
		live.Spec.MinReadySeconds = r.d.Spec.MinReadySeconds
	})
	set.Spec.Replicas = &replicas
	return err
}

// number notes the revision on the Deployment. It goes with the status, as in a cluster: a write of the object itself would
// move the generation.
func (r *rollout) number(revision string) error {
	return editTyped(r.s, deployments, &r.d.ObjectMeta, controllerManager, "status", func(d *appsv1.Deployment) {
		d.Annotations = with(d.Annotations, revisionAnnotation, revision)
	})
}

func (r *rollout) desired() int32 { return orDefault(r.d.Spec.Replicas, 1) }

// limits resolves maxSurge and maxUnavailable, which may be shares. Both zero would stand still.
func (r *rollout) limits() (surge, unavailable int32) {
	rolling := r.d.Spec.Strategy.RollingUpdate
	if r.d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType || rolling == nil {
		return 0, 0
	}
	resolve := func(v *intstr.IntOrString, up bool) int32 {
		n, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(v, intstr.FromInt32(0)), int(r.desired()), up)
		if err != nil {
			return 0
		}
		return int32(n)
	}
	surge, unavailable = resolve(rolling.MaxSurge, true), resolve(rolling.MaxUnavailable, false)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, min(unavailable, r.desired())
}

func (r *rollout) surge() int32 { surge, _ := r.limits(); return surge }

// room returns how large the current ReplicaSet, now of a size, may be.
func (r *rollout) room(size int32) int32 {
	if size >= r.desired() || r.d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return r.desired()
	}
	total := size
	for _, set := range r.old {
		total += *set.Spec.Replicas
	}
	grow := max(r.desired()+r.surge()-total, 0)
	return size + min(grow, r.desired()-size)
}

func (r *rollout) scaleCurrent() error {
	size := r.room(*r.current.Spec.Replicas)
	if size == *r.current.Spec.Replicas {
		return nil
	}
	return r.annotate(r.current, r.current.Annotations[revisionAnnotation], size)
}

// scaleOld takes pods of old templates away while enough others are available: the broken ones first.
func (r *rollout) scaleOld() error {
	_, unavailable := r.limits()
	least := r.desired() - unavailable
	var all, available int32
	for _, set := range append([]*appsv1.ReplicaSet{r.current}, r.old...) {
		all += *set.Spec.Replicas
		available += min(set.Status.AvailableReplicas, *set.Spec.Replicas)
	}
	pending := max(*r.current.Spec.Replicas-r.current.Status.AvailableReplicas, 0)
	budget := all - least - pending
	for _, set := range r.old {
		broken := *set.Spec.Replicas - min(set.Status.AvailableReplicas, *set.Spec.Replicas)
		if n := min(budget, broken); n > 0 {
			if err := r.shrink(set, n); err != nil {
				return err
			}
			budget -= n
		}
	}
	budget = min(budget, available-least)
	for _, set := range r.old {
		if n := min(budget, *set.Spec.Replicas); n > 0 {
			if err := r.shrink(set, n); err != nil {
				return err
			}
			budget -= n
		}
	}
	return nil
}

func (r *rollout) shrink(set *appsv1.ReplicaSet, by int32) error {
	return r.annotate(set, set.Annotations[revisionAnnotation], *set.Spec.Replicas-by)
}

// stopOld scales what is not of the present template to nothing and reports whether its pods have gone.
func (r *rollout) stopOld() (gone bool, err error) {
	gone = true
	for _, set := range r.old {
		if *set.Spec.Replicas > 0 {
			if err := r.shrink(set, *set.Spec.Replicas); err != nil {
				return false, err
			}
		}
		left, err := controlled[corev1.Pod](r.s, pods, set.UID)
		if err != nil {
			return false, err
		}
		gone = gone && !slices.ContainsFunc(left, func(p *corev1.Pod) bool { return !podlife.Finished(p) })
	}
	return gone, nil
}

// scalePaused follows a change of size only, on the newest ReplicaSet that has pods.
func (r *rollout) scalePaused() error {
	sets := r.old
	if r.current != nil {
		sets = append(slices.Clone(sets), r.current)
	}
	active := slices.DeleteFunc(slices.Clone(sets), func(set *appsv1.ReplicaSet) bool { return *set.Spec.Replicas == 0 })
	if len(active) > 1 || len(sets) == 0 {
		return nil
	}
	set := sets[len(sets)-1]
	if len(active) == 1 {
		set = active[0]
	}
	if *set.Spec.Replicas == r.desired() {
		return nil
	}
	return r.annotate(set, set.Annotations[revisionAnnotation], r.desired())
}

// trimHistory deletes the oldest ReplicaSets without pods once the rollout is complete.
func (r *rollout) trimHistory() error {
	if !r.complete() {
		return nil
	}
	idle := slices.DeleteFunc(slices.Clone(r.old), func(set *appsv1.ReplicaSet) bool {
		return *set.Spec.Replicas != 0 || set.Status.Replicas != 0 || set.DeletionTimestamp != nil
	})
	for len(idle) > int(orDefault(r.d.Spec.RevisionHistoryLimit, 10)) {
		if err := r.s.remove(replicaSets, &idle[0].ObjectMeta, metav1.DeleteOptions{}); err != nil {
			return err
		}
		idle = idle[1:]
	}
	return nil
}

func (r *rollout) complete() bool {
	c := r.current
	if c == nil || c.Status.Replicas != r.desired() || c.Status.AvailableReplicas != r.desired() {
		return false
	}
	return !slices.ContainsFunc(r.old, func(set *appsv1.ReplicaSet) bool { return set.Status.Replicas > 0 })
}

func (r *rollout) name() string {
	if r.current == nil {
		return r.d.Name
	}
	return fmt.Sprintf("ReplicaSet %q", r.current.Name)
}
