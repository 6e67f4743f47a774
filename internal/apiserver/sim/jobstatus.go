package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// tracked reports whether a pod is held until its Job has counted it.
func tracked(pod *corev1.Pod) bool {
	return slices.Contains(pod.Finalizers, batchv1.JobTrackingFinalizer)
}

// letGo releases a pod that has been counted.
func (s *Simulator) letGo(pod *corev1.Pod) error {
	return editTyped(s, pods, &pod.ObjectMeta, controllerManager, "", func(p *corev1.Pod) {
		p.Finalizers = slices.DeleteFunc(p.Finalizers, func(f string) bool { return f == batchv1.JobTrackingFinalizer })
	})
}

// untrack lets a pod go whose Job is gone, or is on its way. It reports whether it has.
func (s *Simulator) untrack(pod *corev1.Pod) (bool, error) {
	if !tracked(pod) {
		return false, nil
	}
	if owner := metav1.GetControllerOf(pod); owner != nil && owner.Kind == jobs.Kind {
		job := s.view.get(key{kind: jobs.GroupKind(), namespace: pod.Namespace, name: owner.Name})
		if job != nil && job.GetUID() == owner.UID && job.GetDeletionTimestamp() == nil {
			return false, nil
		}
	}
	return true, s.letGo(pod)
}

// freeJobPods lets the pods of a Job go that is gone, or is on its way.
func freeJobPods(s *Simulator, _ key, change apiserver.Change) error {
	if change.Type != apiserver.Deleted && change.Object.GetDeletionTimestamp() == nil {
		return nil
	}
	owned, err := controlled[corev1.Pod](s, pods, change.Object.GetUID())
	if err != nil {
		return err
	}
	for _, pod := range owned {
		if _, err := s.untrack(pod); err != nil {
			return err
		}
	}
	return nil
}

// remember notes the failures that the next pod has to wait for. A success wipes out what came before it.
func (r *jobRun) remember() {
	b, ok := r.s.backoffs[r.job.UID]
	if !ok {
		b.noted = map[types.UID]bool{}
	}
	fresh := slices.DeleteFunc(slices.Clone(r.fresh), func(p *corev1.Pod) bool { return b.noted[p.UID] })
	var success time.Time
	for _, pod := range fresh {
		if pod.Status.Phase == corev1.PodSucceeded {
			if end := endOf(pod); end.After(success) {
				success = end
			}
		}
	}
	if !success.IsZero() {
		b.failures, b.last = 0, time.Time{}
	}
	for _, pod := range fresh {
		b.noted[pod.UID] = true
		end := endOf(pod)
		if pod.Status.Phase == corev1.PodSucceeded || !success.IsZero() && !end.After(success) {
			continue
		}
		b.failures++
		if end.After(b.last) {
			b.last = end
		}
	}
	r.s.backoffs[r.job.UID] = b
}

// endOf returns when a pod's containers ended, or when it was told to.
func endOf(pod *corev1.Pod) time.Time {
	end := pod.CreationTimestamp.Time
	if pod.DeletionTimestamp != nil {
		end = pod.DeletionTimestamp.Time
		if grace := pod.DeletionGracePeriodSeconds; grace != nil {
			end = end.Add(-time.Duration(*grace) * time.Second)
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Terminated != nil && c.State.Terminated.FinishedAt.After(end) {
			end = c.State.Terminated.FinishedAt.Time
		}
	}
	return end
}

// judge applies the Job's policy about failures to a pod: whether it counts, and if it fails the Job at once, why.
func (r *jobRun) judge(pod *corev1.Pod) (counts bool, action batchv1.PodFailurePolicyAction, message string) {
	policy := r.job.Spec.PodFailurePolicy
	if policy == nil {
		return true, "", ""
	}
	for i, rule := range policy.Rules {
		why := matchedBy(&rule, pod)
		if why == "" {
			continue
		}
		switch rule.Action {
		case batchv1.PodFailurePolicyActionIgnore:
			return false, rule.Action, ""
		case batchv1.PodFailurePolicyActionFailJob:
			return true, rule.Action, fmt.Sprintf("%s matching %s rule at index %d", why, rule.Action, i)
		default:
			return true, rule.Action, ""
		}
	}
	return true, "", ""
}

// matchedBy tells what of a pod a rule matches, empty when nothing does.
func matchedBy(rule *batchv1.PodFailurePolicyRule, pod *corev1.Pod) string {
	if want := rule.OnExitCodes; want != nil {
		for _, c := range slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses) {
			t := c.State.Terminated
			if t == nil || t.ExitCode == 0 || want.ContainerName != nil && *want.ContainerName != c.Name {
				continue
			}
			if slices.Contains(want.Values, t.ExitCode) == (want.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn) {
				return fmt.Sprintf("Container %s for pod %s/%s failed with exit code %d", c.Name, pod.Namespace, pod.Name, t.ExitCode)
			}
		}
		return ""
	}
	for _, c := range pod.Status.Conditions {
		for _, want := range rule.OnPodConditions {
			if c.Type == want.Type && c.Status == want.Status {
				return fmt.Sprintf("Pod %s/%s has condition %s", pod.Namespace, pod.Name, c.Type)
			}
		}
	}
	return ""
}

// report writes the status, and lets the pods go that it now counts.
func (r *jobRun) report(verdict *outcome) error {
	now := r.s.now()
	if r.independent() && verdict == nil {
		for _, pod := range r.fresh {
			counts, _, _ := r.judge(pod)
			if counts && slices.ContainsFunc(r.indexes(pod), func(n int) bool { return r.replace[n] == pod }) {
				r.failed--
			}
		}
		r.dropReplaced()
	}
	if err := editTyped(r.s, jobs, &r.job.ObjectMeta, controllerManager, "status", func(job *batchv1.Job) {
		st := &job.Status
		st.Active, st.Succeeded, st.Failed = int32(len(r.active)), r.succeeded, r.failed
		st.Ready, st.Terminating = &r.ready, &r.ending
		st.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{}
		if r.indexed() {
			st.CompletedIndexes = ranges(r.done)
		}
		if r.independent() {
			lost := ranges(r.lost)
			st.FailedIndexes = &lost
		}
		r.conditions(st, verdict, now)
	}); err != nil {
		return err
	}
	for _, pod := range r.fresh {
		r.s.counted[pod.UID] = true
		if err := r.s.letGo(pod); err != nil {
			return err
		}
	}
	return nil
}

func (r *jobRun) conditions(st *batchv1.JobStatus, verdict *outcome, now metav1.Time) {
	if suspended(r.job) && verdict == nil {
		st.StartTime = nil
		setJobCondition(st, batchv1.JobSuspended, corev1.ConditionTrue, "JobSuspended", "Job suspended", now)
		return
	}
	if slices.ContainsFunc(st.Conditions, func(c batchv1.JobCondition) bool { return c.Type == batchv1.JobSuspended }) && !suspended(r.job) {
		if ended(st, batchv1.JobSuspended) {
			st.StartTime = &now
		}
		setJobCondition(st, batchv1.JobSuspended, corev1.ConditionFalse, "JobResumed", "Job resumed", now)
	}
	if st.StartTime == nil {
		st.StartTime = &now
		if limit := r.job.Spec.ActiveDeadlineSeconds; limit != nil {
			r.s.pace.at(r.at, now.Add(time.Duration(*limit)*time.Second))
		}
	}
	if verdict == nil {
		return
	}
	setJobCondition(st, verdict.interim, corev1.ConditionTrue, verdict.reason, verdict.message, now)
	if r.ending > 0 || len(r.active) > 0 {
		return // the end is told when the last pod has ended
	}
	setJobCondition(st, verdict.final, corev1.ConditionTrue, verdict.reason, verdict.message, now)
	if verdict.final == batchv1.JobComplete {
		st.CompletionTime = &now
	}
	if ttl := r.job.Spec.TTLSecondsAfterFinished; ttl != nil {
		r.s.pace.at(r.at, now.Add(time.Duration(*ttl)*time.Second))
	}
}

// ranges prints indexes as a Job's status does: "0-2,5".
func ranges(indexes []int) string {
	var parts []string
	for i := 0; i < len(indexes); {
		j := i
		for j+1 < len(indexes) && indexes[j+1] == indexes[j]+1 {
			j++
		}
		switch j - i {
		case 0:
			parts = append(parts, strconv.Itoa(indexes[i]))
		case 1:
			parts = append(parts, strconv.Itoa(indexes[i]), strconv.Itoa(indexes[j]))
		default:
			parts = append(parts, fmt.Sprintf("%d-%d", indexes[i], indexes[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// indexesIn reads what ranges prints. What it cannot read is left out.
func indexesIn(text string) []int {
	var out []int
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		if err != nil {
			continue
		}
		to := from
		if isRange {
			if to, err = strconv.Atoi(last); err != nil {
				continue
			}
		}
		for n := from; n <= to; n++ {
			out = append(out, n)
		}
	}
	return out
}

func setJobCondition(st *batchv1.JobStatus, kind batchv1.JobConditionType, status corev1.ConditionStatus, reason, message string, now metav1.Time) {
	c := batchv1.JobCondition{Type: kind, Status: status, Reason: reason, Message: message, LastProbeTime: now, LastTransitionTime: now}
	i := slices.IndexFunc(st.Conditions, func(old batchv1.JobCondition) bool { return old.Type == kind })
	switch {
	case i < 0:
		st.Conditions = append(st.Conditions, c)
	case st.Conditions[i].Status != status:
		st.Conditions[i] = c
	}
}
