package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// ordered is one look at a StatefulSet, its pods and its revisions.
type ordered struct {
	s         *Simulator
	at        key
	set       *appsv1.StatefulSet
	pods      map[int]*corev1.Pod
	revisions []*appsv1.ControllerRevision
	update    string // the name of the newest revision
	current   string // that of the revision which pods below the partition have
}

// statefulSet takes one step towards a StatefulSet's pods, and counts them.
func (s *Simulator) statefulSet(at key) error {
	s.pace.clear(at)
	set, err := find[appsv1.StatefulSet](s, at)
	if err != nil || set == nil {
		return err
	}
	o := &ordered{s: s, at: at, set: set}
	if set.DeletionTimestamp != nil {
		return nil
	}
	w := revisioned{meta: &set.ObjectMeta, kind: statefulSets, template: &set.Spec.Template, limit: set.Spec.RevisionHistoryLimit, label: "controller.kubernetes.io/hash"}
	if o.revisions, err = s.revise(w); err != nil || len(o.revisions) == 0 {
		return err
	}
	o.update = o.revisions[len(o.revisions)-1].Name
	o.current = cmp.Or(set.Status.CurrentRevision, o.update)
	if err := o.look(); err != nil {
		return err
	}
	if err := o.step(); err != nil {
		return err
	}
	if err := o.look(); err != nil {
		return err
	}
	if err := o.report(); err != nil {
		return err
	}
	return s.trim(w, o.revisions, func(name string) bool {
		return name == o.current || slices.ContainsFunc(slices.Collect(maps.Values(o.pods)), func(p *corev1.Pod) bool {
			return p.Labels[appsv1.ControllerRevisionHashLabelKey] == name
		})
	})
}

func (o *ordered) look() error {
	owned, err := controlled[corev1.Pod](o.s, pods, o.set.UID)
	if err != nil {
		return err
	}
	o.pods = map[int]*corev1.Pod{}
	for _, pod := range owned {
		if n, err := strconv.Atoi(strings.TrimPrefix(pod.Name, o.set.Name+"-")); err == nil {
			o.pods[n] = pod
		}
	}
	return nil
}

// up reports whether a pod is available, which the ones after it wait for.
func (o *ordered) up(pod *corev1.Pod) bool {
	return o.s.available(o.at, pod, o.set.Spec.MinReadySeconds)
}

func (o *ordered) first() int {
	if o.set.Spec.Ordinals != nil {
		return int(o.set.Spec.Ordinals.Start)
	}
	return 0
}

func (o *ordered) end() int { return o.first() + int(orDefault(o.set.Spec.Replicas, 1)) }

func (o *ordered) partition() int {
	if rolling := o.set.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		return int(orDefault(rolling.Partition, 0))
	}
	return 0
}

// step goes up to create, down to remove, and down again to update: one pod at a time unless the policy is Parallel.
func (o *ordered) step() error {
	parallel := o.set.Spec.PodManagementPolicy == appsv1.ParallelPodManagement
	for n := o.first(); n < o.end(); n++ {
		pod := o.pods[n]
		switch {
		case pod == nil:
			if err := o.create(n); err != nil {
				return err
			}
		case podlife.Finished(pod) && pod.DeletionTimestamp == nil:
			if err := o.s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{}); err != nil {
				return err
			}
		case o.up(pod) && pod.DeletionTimestamp == nil:
			continue
		}
		if !parallel {
			return nil
		}
	}
	surplus := slices.DeleteFunc(slices.Sorted(maps.Keys(o.pods)), func(n int) bool { return n >= o.first() && n < o.end() })
	slices.Reverse(surplus)
	for _, n := range surplus {
		if o.pods[n].DeletionTimestamp == nil {
			if err := o.s.remove(pods, &o.pods[n].ObjectMeta, metav1.DeleteOptions{}); err != nil {
				return err
			}
		}
		if !parallel {
			return nil
		}
	}
	if o.set.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
		return nil
	}
	for n := o.end() - 1; n >= max(o.first(), o.partition()); n-- {
		pod := o.pods[n]
		switch {
		case pod == nil || pod.DeletionTimestamp != nil:
			return nil
		case pod.Labels[appsv1.ControllerRevisionHashLabelKey] != o.update:
			return o.s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{})
		case !o.up(pod):
			return nil
		}
	}
	return nil
}

func (o *ordered) create(n int) error {
	set := o.set
	revision, template := o.update, &set.Spec.Template
	if n < o.partition() && o.current != o.update {
		if i := slices.IndexFunc(o.revisions, func(r *appsv1.ControllerRevision) bool { return r.Name == o.current }); i >= 0 {
			kept, err := templateOf(o.revisions[i])
			if err != nil {
				return err
			}
			revision, template = o.current, kept
		}
	}
	name := fmt.Sprintf("%s-%d", set.Name, n)
	pod := podFrom(template, &set.ObjectMeta, statefulSets)
	pod.Name = name
	pod.Labels = with(pod.Labels, appsv1.StatefulSetPodNameLabel, name)
	pod.Labels[appsv1.PodIndexLabel] = strconv.Itoa(n)
	pod.Labels[appsv1.ControllerRevisionHashLabelKey] = revision
	pod.Spec.Hostname, pod.Spec.Subdomain = name, set.Spec.ServiceName
	for i := range set.Spec.VolumeClaimTemplates {
		claim, err := o.claim(&set.Spec.VolumeClaimTemplates[i], n)
		if err != nil {
			return err
		}
		volume := corev1.Volume{Name: set.Spec.VolumeClaimTemplates[i].Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
		}}
		pod.Spec.Volumes = slices.DeleteFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == volume.Name })
		pod.Spec.Volumes = append(pod.Spec.Volumes, volume)
	}
	_, err := o.s.createPod(pod)
	if apierrors.IsAlreadyExists(err) || refusal(err) { // the name is somebody else's, or the counts tell that a pod is missing
		return nil
	}
	return err
}

// claim makes sure that a pod's claim exists and returns its name. Claims outlive their pods.
func (o *ordered) claim(template *corev1.PersistentVolumeClaim, n int) (string, error) {
	name := fmt.Sprintf("%s-%s-%d", template.Name, o.set.Name, n)
	if o.s.view.get(key{kind: claims.GroupKind(), namespace: o.set.Namespace, name: name}) != nil {
		return name, nil
	}
	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: o.set.Namespace, Name: name, Labels: maps.Clone(template.Labels), Annotations: maps.Clone(template.Annotations),
		},
		Spec: *template.Spec.DeepCopy(),
	}
	for key, value := range o.set.Spec.Selector.MatchLabels {
		claim.Labels = with(claim.Labels, key, value)
	}
	_, err := o.s.create(claims, claim, controllerManager)
	if apierrors.IsAlreadyExists(err) {
		err = nil
	}
	return name, err
}

func (o *ordered) report() error {
	return editTyped(o.s, statefulSets, &o.set.ObjectMeta, controllerManager, "status", func(set *appsv1.StatefulSet) {
		st := &set.Status
		st.ObservedGeneration = o.set.Generation
		st.CurrentRevision, st.UpdateRevision = o.current, o.update
		st.Replicas, st.ReadyReplicas, st.AvailableReplicas, st.CurrentReplicas, st.UpdatedReplicas = 0, 0, 0, 0, 0
		if st.CollisionCount == nil {
			st.CollisionCount = new(int32)
		}
		for _, pod := range o.pods {
			if podlife.Finished(pod) {
				continue
			}
			st.Replicas++
			if pod.DeletionTimestamp != nil {
				continue
			}
			if podlife.Ready(pod) {
				st.ReadyReplicas++
				if o.up(pod) {
					st.AvailableReplicas++
				}
			}
			switch revision := pod.Labels[appsv1.ControllerRevisionHashLabelKey]; {
			case revision == o.update && revision == o.current:
				st.UpdatedReplicas++
				st.CurrentReplicas++
			case revision == o.update:
				st.UpdatedReplicas++
			case revision == o.current:
				st.CurrentReplicas++
			}
		}
		// A rolling update is over when every pod has the newest revision and is ready.
		if o.set.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType &&
			st.UpdatedReplicas == st.Replicas && st.ReadyReplicas == st.Replicas && o.partition() <= o.first() {
			st.CurrentRevision, st.CurrentReplicas = st.UpdateRevision, st.UpdatedReplicas
		}
	})
}
