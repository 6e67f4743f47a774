package strategy

import (
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// jobReport is a write to the status of a job, which whoever runs the job may get wrong. A rule is asked only when what it speaks
// of changes, so that a status that was stored with a fault can be written on; KEP-4368 and getStatusValidationOptions in
// pkg/registry/batch/job of Kubernetes v1.37.1.
type jobReport struct {
	is, was *batchv1.Job
	at      *field.Path
	errs    field.ErrorList
}

func jobStatus(obj, old map[string]any) field.ErrorList {
	is, was := new(batchv1.Job), new(batchv1.Job)
	for typed, from := range map[*batchv1.Job]map[string]any{is: obj, was: old} {
		part := map[string]any{"spec": from["spec"], "status": from["status"]}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(part, typed); err != nil {
			return nil // What does not decode was refused before.
		}
	}
	r := jobReport{is: is, was: was, at: field.NewPath("status")}
	r.counts()
	r.outcome()
	r.finished()
	r.indexes()
	r.course()
	return r.errs
}

func (r *jobReport) invalid(name string, value any, detail string) {
	r.errs = append(r.errs, field.Invalid(r.at.Child(name), value, detail))
}

// conditions reports a fault of the conditions together, which is not shown with its value.
func (r *jobReport) conditions(detail string) { r.invalid("conditions", field.OmitValueType{}, detail) }

func jobHas(job *batchv1.Job, condition batchv1.JobConditionType, status corev1.ConditionStatus) bool {
	for _, c := range job.Status.Conditions {
		if c.Type == condition && c.Status == status {
			return true
		}
	}
	return false
}

func (r *jobReport) now(condition batchv1.JobConditionType) bool {
	return jobHas(r.is, condition, corev1.ConditionTrue)
}

func (r *jobReport) before(condition batchv1.JobConditionType) bool {
	return jobHas(r.was, condition, corev1.ConditionTrue)
}

func (r *jobReport) turned(condition batchv1.JobConditionType) bool {
	return r.now(condition) != r.before(condition)
}

// counts: pods are counted from none, and the same pod once.
func (r *jobReport) counts() {
	s := r.is.Status
	for _, c := range []struct {
		name string
		n    *int32
	}{{"active", &s.Active}, {"succeeded", &s.Succeeded}, {"failed", &s.Failed}, {"ready", s.Ready}, {"terminating", s.Terminating}} {
		if c.n != nil {
			r.errs = append(r.errs, notNegative(int64(*c.n), r.at.Child(c.name))...)
		}
	}
	if s.UncountedTerminatedPods == nil {
		return
	}
	seen := map[types.UID]bool{}
	for _, list := range []struct {
		name string
		uids []types.UID
	}{{"succeeded", s.UncountedTerminatedPods.Succeeded}, {"failed", s.UncountedTerminatedPods.Failed}} {
		for i, uid := range list.uids {
			at := r.at.Child("uncountedTerminatedPods", list.name).Index(i)
			switch {
			case uid == "":
				r.errs = append(r.errs, field.Invalid(at, uid, "must not be empty"))
			case seen[uid]:
				r.errs = append(r.errs, field.Duplicate(at, uid))
			}
			seen[uid] = true
		}
	}
}

// outcome: a job ends in one way, for a reason that is told first, and a complete one at a time after its start.
func (r *jobReport) outcome() {
	s := r.is.Status
	complete, failed := r.now(batchv1.JobComplete), r.now(batchv1.JobFailed)
	completeTurned, failedTurned := r.turned(batchv1.JobComplete), r.turned(batchv1.JobFailed)
	started := !s.StartTime.Equal(r.was.Status.StartTime)
	completed := !s.CompletionTime.Equal(r.was.Status.CompletionTime)
	if (completeTurned || failedTurned) && complete && failed {
		r.conditions("cannot set Complete=True and Failed=true conditions")
	}
	if (completeTurned || r.turned(batchv1.JobFailureTarget)) && complete && r.now(batchv1.JobFailureTarget) {
		r.conditions("cannot set Complete=True and FailureTarget=true conditions")
	}
	if completeTurned || completed {
		if s.CompletionTime != nil && !complete {
			r.invalid("completionTime", s.CompletionTime, "cannot set completionTime when there is no Complete=True condition")
		}
		if s.CompletionTime == nil && complete {
			r.errs = append(r.errs, field.Required(r.at.Child("completionTime"), "completionTime is required for Complete jobs"))
		}
	}
	if (started || completed) && s.StartTime != nil && s.CompletionTime != nil && s.CompletionTime.Before(s.StartTime) {
		r.invalid("completionTime", s.CompletionTime, "must be equal to or after `startTime`")
	}
	failedIndexesTurned := !same(s.FailedIndexes, r.was.Status.FailedIndexes)
	if (failedTurned || failedIndexesTurned) && failed && !r.now(batchv1.JobFailureTarget) {
		r.conditions("cannot set Failed=True condition without the FailureTarget=true condition")
	}
	if (completeTurned || r.turned(batchv1.JobSuccessCriteriaMet)) && complete && !r.now(batchv1.JobSuccessCriteriaMet) {
		r.conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
	}
}

// finished: a job that is over was started, and has no pods left.
func (r *jobReport) finished() {
	over := func(job *batchv1.Job) bool {
		return jobHas(job, batchv1.JobComplete, corev1.ConditionTrue) || jobHas(job, batchv1.JobFailed, corev1.ConditionTrue)
	}
	s, was := r.is.Status, r.was.Status
	turned, active := over(r.is) != over(r.was), s.Active != was.Active
	if over(r.is) {
		if (turned || active) && s.Active > 0 {
			r.invalid("active", s.Active, "active>0 is invalid for finished job")
		}
		neverRuns := or(r.is.Spec.Suspend, false) && r.is.Spec.Completions != nil && *r.is.Spec.Completions == 0
		if (turned || !s.StartTime.Equal(was.StartTime)) && !neverRuns && s.StartTime == nil {
			r.errs = append(r.errs, field.Required(r.at.Child("startTime"), "startTime is required for finished job"))
		}
		pods := s.UncountedTerminatedPods
		if (turned || !equality.Semantic.DeepEqual(pods, was.UncountedTerminatedPods)) && pods != nil && len(pods.Failed)+len(pods.Succeeded) > 0 {
			// The value is shown as the server's own type is, whose fields have no other names.
			r.invalid("uncountedTerminatedPods", struct{ Succeeded, Failed []types.UID }{pods.Succeeded, pods.Failed}, "must be empty for finished job")
		}
		if (turned || !same(s.Terminating, was.Terminating)) && or(s.Terminating, 0) > 0 {
			r.invalid("terminating", s.Terminating, "terminating>0 is invalid for finished job")
		}
	}
	if (active || !same(s.Ready, was.Ready)) && s.Ready != nil && *s.Ready > s.Active {
		r.invalid("ready", *s.Ready, "cannot set more ready pods than active")
	}
}

// indexes: those that are told are indexes of the job, each in one list.
func (r *jobReport) indexes() {
	s, spec := r.is.Status, r.is.Spec
	completedTurned := s.CompletedIndexes != r.was.Status.CompletedIndexes
	failedTurned := !same(s.FailedIndexes, r.was.Status.FailedIndexes)
	limit := or(spec.Completions, 0)
	completed, err := parseIndexes(s.CompletedIndexes, limit)
	if completedTurned && spec.Completions != nil && err != nil {
		r.invalid("completedIndexes", s.CompletedIndexes, fmt.Sprintf("error parsing completedIndexes: %s", err))
	}
	failed, err := parseIndexes(or(s.FailedIndexes, ""), limit)
	if failedTurned && spec.Completions != nil && spec.BackoffLimitPerIndex != nil && err != nil {
		r.invalid("failedIndexes", s.FailedIndexes, fmt.Sprintf("error parsing failedIndexes: %s", err))
	}
	if completedTurned && s.CompletedIndexes != "" && or(spec.CompletionMode, batchv1.NonIndexedCompletion) != batchv1.IndexedCompletion {
		r.invalid("completedIndexes", s.CompletedIndexes, "cannot set non-empty completedIndexes when non-indexed completion mode")
	}
	if failedTurned && spec.BackoffLimitPerIndex == nil && s.FailedIndexes != nil {
		r.invalid("failedIndexes", *s.FailedIndexes, "cannot set non-null failedIndexes when backoffLimitPerIndex is null")
	}
	if (failedTurned || completedTurned) && spec.Completions != nil && s.FailedIndexes != nil {
		if index, ok := overlap(completed, failed); ok {
			r.invalid("failedIndexes", *s.FailedIndexes, fmt.Sprintf("failedIndexes and completedIndexes overlap at index: %d", index))
		}
	}
}

// course: what was reached stays, and what was counted too.
func (r *jobReport) course() {
	s, was := r.is.Status, r.was.Status
	met, failed := r.now(batchv1.JobSuccessCriteriaMet), r.now(batchv1.JobFailed)
	if met && failed {
		r.conditions("cannot set SuccessCriteriaMet=True and Failed=true conditions")
	}
	if met && r.now(batchv1.JobFailureTarget) {
		r.conditions("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
	}
	if r.is.Spec.SuccessPolicy != nil && !met && r.now(batchv1.JobComplete) {
		r.conditions("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")
	}
	for _, c := range []batchv1.JobConditionType{batchv1.JobFailed, batchv1.JobComplete, batchv1.JobFailureTarget} {
		if r.before(c) && !r.now(c) {
			r.conditions(fmt.Sprintf("cannot disable the terminal %s=True condition", c))
		}
	}
	if s.Failed < was.Failed {
		r.invalid("failed", s.Failed, "cannot decrease the failed counter")
	}
	indexed := or(r.is.Spec.CompletionMode, batchv1.NonIndexedCompletion) == batchv1.IndexedCompletion
	shrinks := indexed && same(r.is.Spec.Completions, r.is.Spec.Parallelism)
	if !shrinks && s.Succeeded < was.Succeeded {
		r.invalid("succeeded", s.Succeeded, "cannot decrease the succeeded counter")
	}
	if s.CompletionTime != nil && was.CompletionTime != nil && !s.CompletionTime.Equal(was.CompletionTime) {
		r.invalid("completionTime", s.CompletionTime, "field is immutable")
	}
	resumes := r.before(batchv1.JobSuspended) && jobHas(r.is, batchv1.JobSuspended, corev1.ConditionFalse)
	if !resumes && was.StartTime != nil && !s.StartTime.Equal(was.StartTime) && !or(r.is.Spec.Suspend, false) {
		r.invalid("startTime", s.StartTime, "field is immutable for unsuspended job once set")
	}
	if r.before(batchv1.JobSuccessCriteriaMet) && !met {
		r.conditions("cannot disable the SuccessCriteriaMet=True condition")
	}
	if r.before(batchv1.JobComplete) && !r.before(batchv1.JobSuccessCriteriaMet) && met {
		r.conditions("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")
	}
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// or is what a pointer leads to, or other if it leads nowhere.
func or[T any](p *T, other T) T {
	if p == nil {
		return other
	}
	return *p
}
