package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// jobRun is one look at a Job and its pods.
type jobRun struct {
	s   *Simulator
	job *batchv1.Job

	active            []*corev1.Pod
	succeeded, failed []*corev1.Pod
	ending            int32
}

// job takes one step of a Job, and reports it.
func (s *Simulator) job(at key) error {
	job, err := find[batchv1.Job](s, at)
	if err != nil || job == nil || job.DeletionTimestamp != nil || over(&job.Status) {
		return err
	}
	if by := job.Spec.ManagedBy; by != nil && *by != batchv1.JobControllerName {
		return nil
	}
	r := &jobRun{s: s, job: job}
	if err := r.look(); err != nil {
		return err
	}
	verdict := r.verdict()
	if verdict == nil && !suspended(job) {
		err = r.fill()
	} else {
		err = r.stop()
	}
	if err != nil {
		return err
	}
	if err := r.look(); err != nil {
		return err
	}
	return r.report(verdict)
}

func over(st *batchv1.JobStatus) bool {
	return slices.ContainsFunc(st.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
}

func suspended(job *batchv1.Job) bool { return job.Spec.Suspend != nil && *job.Spec.Suspend }

func (r *jobRun) look() error {
	owned, err := controlled[corev1.Pod](r.s, pods, r.job.UID)
	if err != nil {
		return err
	}
	r.active, r.succeeded, r.failed, r.ending = nil, nil, nil, 0
	for _, pod := range owned {
		switch {
		case pod.Status.Phase == corev1.PodSucceeded:
			r.succeeded = append(r.succeeded, pod)
		case pod.Status.Phase == corev1.PodFailed:
			r.failed = append(r.failed, pod)
		case pod.DeletionTimestamp != nil:
			r.ending++
		default:
			r.active = append(r.active, pod)
		}
	}
	return nil
}

// outcome is how a Job has ended.
type outcome struct {
	interim, final  batchv1.JobConditionType
	reason, message string
}

// verdict returns how the Job has ended, nil when it has not.
func (r *jobRun) verdict() *outcome {
	done := false
	switch want := r.job.Spec.Completions; {
	case want == nil:
		done = len(r.succeeded) > 0 && len(r.active) == 0
	case r.indexed():
		done = len(r.indexes(r.succeeded)) >= int(*want)
	default:
		done = len(r.succeeded) >= int(*want)
	}
	if done {
		return &outcome{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete, batchv1.JobReasonCompletionsReached, "Reached expected number of succeeded pods"}
	}
	if len(r.failed) > int(orDefault(r.job.Spec.BackoffLimit, 6)) {
		return &outcome{batchv1.JobFailureTarget, batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded, "Job has reached the specified backoff limit"}
	}
	if limit, start := r.job.Spec.ActiveDeadlineSeconds, r.job.Status.StartTime; limit != nil && start != nil && int64(r.s.now().Sub(start.Time).Seconds()) >= *limit {
		return &outcome{batchv1.JobFailureTarget, batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded, "Job was active longer than specified deadline"}
	}
	return nil
}

func (r *jobRun) indexed() bool {
	return r.job.Spec.CompletionMode != nil && *r.job.Spec.CompletionMode == batchv1.IndexedCompletion
}

// indexes returns the completion indexes of pods, in order and each once.
func (r *jobRun) indexes(list []*corev1.Pod) []int {
	var out []int
	for _, pod := range list {
		if n, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation]); err == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fill starts the pods that are missing.
func (r *jobRun) fill() error {
	parallel := int(orDefault(r.job.Spec.Parallelism, 1))
	if r.indexed() {
		busy := append(r.indexes(r.active), r.indexes(r.succeeded)...)
		for n := 0; n < int(orDefault(r.job.Spec.Completions, 1)) && len(r.active) < parallel; n++ {
			if slices.Contains(busy, n) {
				continue
			}
			if started, err := r.start(n); err != nil || !started {
				return err
			}
			r.active = append(r.active, &corev1.Pod{})
		}
		return nil
	}
	want := parallel
	switch {
	case r.job.Spec.Completions != nil:
		want = min(parallel, int(*r.job.Spec.Completions)-len(r.succeeded))
	case len(r.succeeded) > 0:
		want = len(r.active) // the first success ends the starting
	}
	for range want - len(r.active) {
		if started, err := r.start(-1); err != nil || !started {
			return err
		}
	}
	for _, pod := range r.active[:max(len(r.active)-want, 0)] {
		if err := r.s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// start creates one pod; index is its completion index, or -1. A refusal by the server starts nothing.
func (r *jobRun) start(index int) (bool, error) {
	pod := podFrom(&r.job.Spec.Template, &r.job.ObjectMeta, jobs)
	pod.Labels = with(pod.Labels, batchv1.JobNameLabel, r.job.Name)
	pod.Labels[batchv1.ControllerUidLabel] = string(r.job.UID)
	if index >= 0 {
		n := strconv.Itoa(index)
		pod.GenerateName = fmt.Sprintf("%s-%s-", r.job.Name, n)
		pod.Annotations = with(pod.Annotations, batchv1.JobCompletionIndexAnnotation, n)
		pod.Labels[batchv1.JobCompletionIndexAnnotation] = n
		pod.Spec.Hostname = r.job.Name + "-" + n
	}
	created, err := r.s.create(pods, pod, controllerManager)
	if apierrors.IsForbidden(err) || apierrors.IsInvalid(err) {
		return false, nil
	}
	return created != nil, err
}

// stop takes running pods away.
func (r *jobRun) stop() error {
	for _, pod := range r.active {
		if err := r.s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func (r *jobRun) report(verdict *outcome) error {
	now := r.s.now()
	return editTyped(r.s, jobs, &r.job.ObjectMeta, controllerManager, "status", func(job *batchv1.Job) {
		st := &job.Status
		st.Active, st.Succeeded, st.Failed = int32(len(r.active)), int32(len(r.succeeded)), int32(len(r.failed))
		readyOnes := int32(0)
		for _, pod := range r.active {
			if ready(pod) {
				readyOnes++
			}
		}
		st.Ready, st.Terminating = &readyOnes, &r.ending
		st.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{}
		if r.indexed() {
			st.CompletedIndexes = ranges(r.indexes(r.succeeded))
		}
		if suspended(r.job) {
			st.StartTime = nil
			setJobCondition(st, batchv1.JobSuspended, corev1.ConditionTrue, "JobSuspended", "Job suspended", now)
			return
		}
		if slices.ContainsFunc(st.Conditions, func(c batchv1.JobCondition) bool { return c.Type == batchv1.JobSuspended }) {
			setJobCondition(st, batchv1.JobSuspended, corev1.ConditionFalse, "JobResumed", "Job resumed", now)
		}
		if st.StartTime == nil {
			st.StartTime = &now
		}
		if verdict == nil {
			return
		}
		setJobCondition(st, verdict.interim, corev1.ConditionTrue, verdict.reason, verdict.message, now)
		setJobCondition(st, verdict.final, corev1.ConditionTrue, verdict.reason, verdict.message, now)
		if verdict.final == batchv1.JobComplete {
			st.CompletionTime = &now
		}
	})
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
