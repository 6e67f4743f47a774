package sim

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The reasons of a Deployment's conditions.
const (
	minimumAvailable   = "MinimumReplicasAvailable"
	minimumUnavailable = "MinimumReplicasUnavailable"
	newSetCreated      = "NewReplicaSetCreated"
	newSetAvailable    = "NewReplicaSetAvailable"
	setUpdated         = "ReplicaSetUpdated"
	deadlineExceeded   = "ProgressDeadlineExceeded"
	paused             = "DeploymentPaused"
	resumed            = "DeploymentResumed"
)

// report writes a Deployment's status from what its ReplicaSets say.
func (r *rollout) report() error {
	now := r.s.now()
	return editTyped(r.s, deployments, &r.d.ObjectMeta, controllerManager, "status", func(d *appsv1.Deployment) {
		before := *d.Status.DeepCopy()
		st := &d.Status
		st.ObservedGeneration = r.d.Generation
		var asked, ending int32
		st.Replicas, st.UpdatedReplicas, st.ReadyReplicas, st.AvailableReplicas = 0, 0, 0, 0
		sets := r.old
		if r.current != nil {
			sets = append(slices.Clone(sets), r.current)
			st.UpdatedReplicas = r.current.Status.Replicas
		}
		var failure *appsv1.ReplicaSetCondition
		for _, set := range sets {
			asked += *set.Spec.Replicas
			st.Replicas += set.Status.Replicas
			st.ReadyReplicas += set.Status.ReadyReplicas
			st.AvailableReplicas += set.Status.AvailableReplicas
			ending += orDefault(set.Status.TerminatingReplicas, 0)
			for i := range set.Status.Conditions {
				failure = &set.Status.Conditions[i]
			}
		}
		st.UnavailableReplicas = max(asked-st.AvailableReplicas, 0)
		st.TerminatingReplicas = &ending

		_, unavailable := r.limits()
		if st.AvailableReplicas >= r.desired()-unavailable {
			setDeploymentCondition(st, appsv1.DeploymentAvailable, corev1.ConditionTrue, minimumAvailable, "Deployment has minimum availability.", now)
		} else {
			setDeploymentCondition(st, appsv1.DeploymentAvailable, corev1.ConditionFalse, minimumUnavailable, "Deployment does not have minimum availability.", now)
		}
		if failure != nil {
			setDeploymentCondition(st, appsv1.DeploymentReplicaFailure, failure.Status, failure.Reason, failure.Message, now)
		} else {
			st.Conditions = slices.DeleteFunc(st.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type == appsv1.DeploymentReplicaFailure })
		}
		r.progress(st, &before, now)
		if c := deploymentCondition(st, appsv1.DeploymentProgressing); c != nil && !r.d.Spec.Paused && r.deadline() > 0 && c.Reason != newSetAvailable && c.Reason != deadlineExceeded {
			r.s.pace.at(r.at, c.LastUpdateTime.Add(r.deadline()))
		}
	})
}

// deadline is how long a rollout may go without progress, zero when it may stand still for ever.
func (r *rollout) deadline() time.Duration {
	if n := r.d.Spec.ProgressDeadlineSeconds; n != nil && *n != 1<<31-1 {
		return time.Duration(*n) * time.Second
	}
	return 0
}

// progress sets the condition Progressing.
func (r *rollout) progress(st, before *appsv1.DeploymentStatus, now metav1.Time) {
	set := func(status corev1.ConditionStatus, reason, message string) {
		setDeploymentCondition(st, appsv1.DeploymentProgressing, status, reason, message, now)
	}
	have := deploymentCondition(before, appsv1.DeploymentProgressing)
	if r.d.Spec.Paused {
		if have == nil || have.Reason != deadlineExceeded {
			set(corev1.ConditionUnknown, paused, "Deployment is paused")
		}
		return
	}
	if r.deadline() == 0 {
		return // no deadline, no condition
	}
	if r.created {
		set(corev1.ConditionTrue, newSetCreated, fmt.Sprintf("Created new replica set %q", r.current.Name))
		return
	}
	if have != nil && have.Reason == paused {
		set(corev1.ConditionUnknown, resumed, "Deployment is resumed")
		return
	}
	settled := have != nil && have.Reason == newSetAvailable && st.Replicas == st.UpdatedReplicas
	if settled {
		return
	}
	advanced := st.UpdatedReplicas > before.UpdatedReplicas || st.Replicas-st.UpdatedReplicas < before.Replicas-before.UpdatedReplicas ||
		st.ReadyReplicas > before.ReadyReplicas || st.AvailableReplicas > before.AvailableReplicas
	switch {
	case r.complete() && st.ObservedGeneration >= r.d.Generation:
		set(corev1.ConditionTrue, newSetAvailable, r.name()+" has successfully progressed.")
	case advanced:
		// The time of the last progress is what the deadline counts from.
		st.Conditions = slices.DeleteFunc(st.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type == appsv1.DeploymentProgressing })
		since := now
		if have != nil && have.Status == corev1.ConditionTrue {
			since = have.LastTransitionTime
		}
		st.Conditions = append(st.Conditions, appsv1.DeploymentCondition{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: setUpdated, Message: r.name() + " is progressing.",
			LastUpdateTime: now, LastTransitionTime: since,
		})
	case have != nil && now.Sub(have.LastUpdateTime.Time) >= r.deadline():
		set(corev1.ConditionFalse, deadlineExceeded, r.name()+" has timed out progressing.")
	}
}

func deploymentCondition(st *appsv1.DeploymentStatus, kind appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	i := slices.IndexFunc(st.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type == kind })
	if i < 0 {
		return nil
	}
	return &st.Conditions[i]
}

// setDeploymentCondition leaves a condition alone that says the same already. One that changes moves to the end, as it does
// in a cluster.
func setDeploymentCondition(st *appsv1.DeploymentStatus, kind appsv1.DeploymentConditionType, status corev1.ConditionStatus, reason, message string, now metav1.Time) {
	c := appsv1.DeploymentCondition{Type: kind, Status: status, Reason: reason, Message: message, LastUpdateTime: now, LastTransitionTime: now}
	if old := deploymentCondition(st, kind); old != nil {
		if old.Status == status && old.Reason == reason {
			return
		}
		if old.Status == status {
			c.LastTransitionTime = old.LastTransitionTime
		}
	}
	st.Conditions = slices.DeleteFunc(st.Conditions, func(old appsv1.DeploymentCondition) bool { return old.Type == kind })
	st.Conditions = append(st.Conditions, c)
}
