package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// jobRun is one look at a Job and its pods.
type jobRun struct {
	s   *Simulator
	at  key
	job *batchv1.Job

	active         []*corev1.Pod
	fresh          []*corev1.Pod // have ended and are not counted in the status yet
	succeeded      int32         // all so far
	failed         int32
	done           []int // completion indexes
	lost           []int // indexes that have failed too often, when each has its own limit
	replace        map[int]*corev1.Pod
	ready, ending  int32
	failureMessage string // why a failure of a pod is one of the Job
}

// job takes one step of a Job, and reports it.
func (s *Simulator) job(at key) error {
	s.pace.clear(at)
	job, err := find[batchv1.Job](s, at)
	if err != nil || job == nil || job.DeletionTimestamp != nil {
		return err
	}
	if by := job.Spec.ManagedBy; by != nil && *by != batchv1.JobControllerName {
		return nil
	}
	if over(&job.Status) {
		return s.expire(at, job)
	}
	r := &jobRun{s: s, at: at, job: job}
	if err := r.look(); err != nil {
		return err
	}
	r.remember()
	verdict := r.verdict()
	switch {
	case verdict != nil:
		err = r.stop(r.active, verdict.final == batchv1.JobFailed)
	case suspended(job):
		err = r.stop(r.active, false)
	default:
		err = r.fill()
	}
	if err != nil {
		return err
	}
	if err := r.look(); err != nil {
		return err
	}
	r.remember()
	return r.report(verdict)
}

// expire deletes a Job that has ended once its time to live is over.
func (s *Simulator) expire(at key, job *batchv1.Job) error {
	ttl := job.Spec.TTLSecondsAfterFinished
	if ttl == nil {
		return nil
	}
	for _, c := range job.Status.Conditions {
		if (c.Type != batchv1.JobComplete && c.Type != batchv1.JobFailed) || c.Status != corev1.ConditionTrue {
			continue
		}
		end := c.LastTransitionTime.Add(time.Duration(*ttl) * time.Second)
		if s.api.Now().Before(end) {
			s.pace.at(at, end)
			return nil
		}
		foreground := metav1.DeletePropagationForeground
		return s.remove(jobs, &job.ObjectMeta, metav1.DeleteOptions{PropagationPolicy: &foreground})
	}
	return nil
}

func over(st *batchv1.JobStatus) bool {
	return ended(st, batchv1.JobComplete) || ended(st, batchv1.JobFailed)
}

// ended reports whether a Job has come to this end.
func ended(st *batchv1.JobStatus, how batchv1.JobConditionType) bool {
	return slices.ContainsFunc(st.Conditions, func(c batchv1.JobCondition) bool { return c.Type == how && c.Status == corev1.ConditionTrue })
}

func suspended(job *batchv1.Job) bool { return job.Spec.Suspend != nil && *job.Spec.Suspend }

// waitsForTheEnd reports whether a pod is replaced only when it has really ended.
func (r *jobRun) waitsForTheEnd() bool {
	p := r.job.Spec.PodReplacementPolicy
	return p != nil && *p == batchv1.Failed
}

func (r *jobRun) look() error {
	owned, err := controlled[corev1.Pod](r.s, pods, r.job.UID)
	if err != nil {
		return err
	}
	st := &r.job.Status
	*r = jobRun{s: r.s, at: r.at, job: r.job, succeeded: st.Succeeded, failed: st.Failed, failureMessage: r.failureMessage}
	if r.indexed() {
		r.done = indexesIn(st.CompletedIndexes)
	}
	for _, pod := range owned {
		if pod.DeletionTimestamp != nil && !podlife.Finished(pod) {
			r.ending++
		}
		switch {
		case pod.Status.Phase == corev1.PodSucceeded || r.hasFailed(pod):
			if tracked(pod) && !r.s.counted[pod.UID] {
				r.fresh = append(r.fresh, pod)
			}
		case pod.DeletionTimestamp == nil:
			r.active = append(r.active, pod)
			if podlife.Ready(pod) {
				r.ready++
			}
		}
	}
	for _, pod := range r.fresh {
		if pod.Status.Phase == corev1.PodSucceeded {
			r.succeeded++
			r.done = append(r.done, r.indexes(pod)...)
			continue
		}
		counts, _, message := r.judge(pod)
		if counts {
			r.failed++
		}
		if message != "" && r.failureMessage == "" {
			r.failureMessage = message
		}
	}
	if r.indexed() {
		slices.Sort(r.done)
		r.done = slices.Compact(r.done)
		r.succeeded = int32(len(r.done))
	}
	if r.independent() {
		r.settleIndexes()
	}
	return nil
}

func (r *jobRun) hasFailed(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed || pod.DeletionTimestamp != nil && !r.waitsForTheEnd()
}

// outcome is how a Job has ended.
type outcome struct {
	interim, final  batchv1.JobConditionType
	reason, message string
}

func failure(reason, message string) *outcome {
	return &outcome{batchv1.JobFailureTarget, batchv1.JobFailed, reason, message}
}

// verdict returns how the Job has ended, nil when it has not. What has been decided stays.
func (r *jobRun) verdict() *outcome {
	for _, c := range r.job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobSuccessCriteriaMet:
			return &outcome{c.Type, batchv1.JobComplete, c.Reason, c.Message}
		case c.Type == batchv1.JobFailureTarget:
			return failure(c.Reason, c.Message)
		}
	}
	switch {
	case r.failureMessage != "":
		return failure(batchv1.JobReasonPodFailurePolicy, r.failureMessage)
	case r.failed > orDefault(r.job.Spec.BackoffLimit, 6) || r.restartedTooOften():
		return failure(batchv1.JobReasonBackoffLimitExceeded, "Job has reached the specified backoff limit")
	}
	if limit, start := r.job.Spec.ActiveDeadlineSeconds, r.job.Status.StartTime; limit != nil && start != nil && !suspended(r.job) {
		end := start.Add(time.Duration(*limit) * time.Second)
		if !r.s.api.Now().Before(end) {
			return failure(batchv1.JobReasonDeadlineExceeded, "Job was active longer than specified deadline")
		}
		r.s.pace.at(r.at, end)
	}
	if v := r.indexVerdict(); v != nil {
		return v
	}
	done := r.succeeded > 0 && len(r.active) == 0
	if want := r.job.Spec.Completions; want != nil {
		done = r.succeeded >= *want && len(r.active) == 0
	}
	if done {
		return &outcome{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete, batchv1.JobReasonCompletionsReached, "Reached expected number of succeeded pods"}
	}
	return nil
}

// restartedTooOften counts the restarts of containers where these take the place of new pods.
func (r *jobRun) restartedTooOften() bool {
	if r.job.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyOnFailure {
		return false
	}
	restarts := int32(0)
	for _, pod := range r.active {
		for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			restarts += c.RestartCount
		}
	}
	return restarts > 0 && restarts >= orDefault(r.job.Spec.BackoffLimit, 6)
}

func (r *jobRun) indexed() bool {
	return r.job.Spec.CompletionMode != nil && *r.job.Spec.CompletionMode == batchv1.IndexedCompletion
}

// indexes returns the completion indexes of pods, in order and each once.
func (r *jobRun) indexes(list ...*corev1.Pod) []int {
	var out []int
	for _, pod := range list {
		if n, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation]); err == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fill starts the pods that are missing, when the last failure is long enough ago, and takes away those too many.
func (r *jobRun) fill() error {
	want := int(orDefault(r.job.Spec.Parallelism, 1))
	switch {
	case r.job.Spec.Completions != nil:
		want = max(min(want, int(*r.job.Spec.Completions-r.succeeded)), 0)
	case r.succeeded > 0:
		want = len(r.active) // the first success ends the starting
	}
	if err := r.stop(r.active[:max(len(r.active)-want, 0)], false); err != nil {
		return err
	}
	missing := want - len(r.active)
	if r.waitsForTheEnd() {
		missing -= int(r.ending)
	}
	if missing <= 0 {
		return nil
	}
	if at := r.s.backoffs[r.job.UID].until(); r.s.api.Now().Before(at) && !r.independent() {
		r.s.pace.at(r.at, at)
		return nil
	}
	if !r.indexed() {
		for range missing {
			if started, err := r.start(-1, nil); err != nil || !started {
				return err
			}
		}
		return nil
	}
	return r.fillIndexes(missing)
}

// start creates one pod; index is its completion index, or -1, and last the pod of that index that it replaces, or nil. A refusal
// by the server starts nothing.
func (r *jobRun) start(index int, last *corev1.Pod) (bool, error) {
	pod := podFrom(&r.job.Spec.Template, &r.job.ObjectMeta, jobs)
	if !slices.Contains(pod.Finalizers, batchv1.JobTrackingFinalizer) {
		pod.Finalizers = append(pod.Finalizers, batchv1.JobTrackingFinalizer)
	}
	if index >= 0 {
		n := strconv.Itoa(index)
		pod.GenerateName = fmt.Sprintf("%s-%s-", r.job.Name, n)
		pod.Annotations = with(pod.Annotations, batchv1.JobCompletionIndexAnnotation, n)
		pod.Labels = with(pod.Labels, batchv1.JobCompletionIndexAnnotation, n)
		pod.Spec.Hostname = r.job.Name + "-" + n
		if r.independent() {
			r.note(pod, last)
		}
		tellIndex(pod.Spec.InitContainers)
		tellIndex(pod.Spec.Containers)
	}
	created, err := r.s.createPod(pod)
	if refusal(err) {
		return false, nil
	}
	return created != nil, err
}

// tellIndex gives containers their pod's completion index in the environment.
func tellIndex(containers []corev1.Container) {
	const name = "JOB_COMPLETION_INDEX"
	for i := range containers {
		c := &containers[i]
		if slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == name }) {
			continue
		}
		c.Env = append(c.Env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{
			FieldPath: fmt.Sprintf("metadata.labels['%s']", batchv1.JobCompletionIndexAnnotation),
		}}})
	}
}

// stop takes running pods away. Those of a Job that has failed count as failures, those that are too many do not.
func (r *jobRun) stop(list []*corev1.Pod, count bool) error {
	for _, pod := range list {
		if !count {
			if err := r.s.letGo(pod); err != nil {
				return err
			}
		}
		if err := r.s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}
