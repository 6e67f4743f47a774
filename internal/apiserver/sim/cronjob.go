package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// timetable is one look at a CronJob and its Jobs. Times without a zone of their own are UTC.
type timetable struct {
	s        *Simulator
	cj       *batchv1.CronJob
	jobs     []*batchv1.Job
	schedule cron.Schedule
	zone     *time.Location
	now      time.Time
}

// cronJob starts what is due of a CronJob's schedule, trims its history and reports it.
func (s *Simulator) cronJob(at key) error {
	s.pace.clear(at)
	cj, err := find[batchv1.CronJob](s, at)
	if err != nil || cj == nil {
		return err
	}
	t := &timetable{s: s, cj: cj, now: s.now().Time}
	if t.jobs, err = controlled[batchv1.Job](s, jobs, cj.UID); err != nil {
		return err
	}
	if err := t.trim(); err != nil {
		return err
	}
	if err := t.report(nil, time.Time{}); err != nil {
		return err
	}
	if cj.DeletionTimestamp != nil || cj.Spec.Suspend != nil && *cj.Spec.Suspend || !t.parse() {
		return nil
	}
	if due, ok := t.due(); ok {
		if err := t.run(due); err != nil {
			return err
		}
	}
	if next := t.schedule.Next(t.now); !next.IsZero() {
		s.pace.at(at, next)
	}
	return nil
}

// parse reads schedule and zone. The controller passes over what it cannot read, and so does this.
func (t *timetable) parse() bool {
	t.zone = time.UTC
	if name := t.cj.Spec.TimeZone; name != nil {
		zone, err := time.LoadLocation(*name)
		if err != nil {
			return false
		}
		t.zone = zone
	}
	spec := t.cj.Spec.Schedule
	if strings.Contains(spec, "TZ=") && !strings.Contains(spec, " ") {
		return false // the parser panics
	}
	schedule, err := cron.ParseStandard(spec)
	t.schedule, t.now = schedule, t.now.In(t.zone)
	return err == nil
}

// due returns the newest time of the schedule that has come and has not been served.
func (t *timetable) due() (time.Time, bool) {
	from := t.cj.CreationTimestamp.Time
	if last := t.cj.Status.LastScheduleTime; last != nil {
		from = last.Time
	}
	if limit := t.cj.Spec.StartingDeadlineSeconds; limit != nil {
		if oldest := t.now.Add(-time.Duration(*limit) * time.Second); oldest.After(from) {
			from = oldest
		}
	}
	var due time.Time
	from = from.In(t.zone)
	first := t.schedule.Next(from)
	if first.IsZero() || first.After(t.now) {
		return due, false
	}
	// After a long pause the times in between are passed over in one leap instead of one by one.
	if second := t.schedule.Next(first); second.After(first) {
		if missed := t.now.Sub(first) / second.Sub(first); missed > 100 {
			first = t.schedule.Next(first.Add((missed - 2) * second.Sub(first)))
		}
	}
	for next := first; !next.IsZero() && !next.After(t.now); next = t.schedule.Next(next) {
		due = next
	}
	return due, !due.IsZero()
}

// run makes the Job of a time unless the policy about concurrent ones forbids it.
func (t *timetable) run(due time.Time) error {
	cj := t.cj
	name := fmt.Sprintf("%s-%d", cj.Name, due.Unix()/60)
	running := slices.DeleteFunc(slices.Clone(t.jobs), func(j *batchv1.Job) bool { return over(&j.Status) || j.DeletionTimestamp != nil })
	if last := cj.Status.LastScheduleTime; last != nil && last.Time.Equal(due) {
		return nil
	}
	switch cj.Spec.ConcurrencyPolicy {
	case batchv1.ForbidConcurrent:
		if len(running) > 0 {
			return nil
		}
	case batchv1.ReplaceConcurrent:
		for _, job := range running {
			if err := t.remove(job); err != nil {
				return err
			}
		}
	}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: cj.Namespace, Name: name, Labels: maps.Clone(cj.Spec.JobTemplate.Labels),
			Annotations:     with(cj.Spec.JobTemplate.Annotations, batchv1.CronJobScheduledTimestampAnnotation, due.Format(time.RFC3339)),
			OwnerReferences: controllerRef(&cj.ObjectMeta, cronJobs),
		},
		Spec: *cj.Spec.JobTemplate.Spec.DeepCopy(),
	}
	created, err := t.s.create(jobs, job, controllerManager)
	if apierrors.IsAlreadyExists(err) || refusal(err) {
		return nil
	}
	if err != nil || created == nil {
		return err
	}
	return t.report(&corev1.ObjectReference{
		APIVersion: jobs.GroupVersion().String(), Kind: jobs.Kind, Namespace: cj.Namespace, Name: name,
		UID: created.GetUID(), ResourceVersion: created.GetResourceVersion(),
	}, due)
}

func (t *timetable) remove(job *batchv1.Job) error {
	background := metav1.DeletePropagationBackground
	return t.s.remove(jobs, &job.ObjectMeta, metav1.DeleteOptions{PropagationPolicy: &background})
}

// trim deletes the oldest Jobs that have ended, beyond the limits of the history.
func (t *timetable) trim() error {
	for _, h := range []struct {
		end   batchv1.JobConditionType
		limit *int32
	}{{batchv1.JobComplete, t.cj.Spec.SuccessfulJobsHistoryLimit}, {batchv1.JobFailed, t.cj.Spec.FailedJobsHistoryLimit}} {
		if h.limit == nil {
			continue
		}
		ended := slices.DeleteFunc(slices.Clone(t.jobs), func(j *batchv1.Job) bool { return !ended(&j.Status, h.end) || j.DeletionTimestamp != nil })
		slices.SortStableFunc(ended, func(a, b *batchv1.Job) int {
			return cmp.Or(startTime(a).Compare(startTime(b)), cmp.Compare(a.Name, b.Name))
		})
		for _, job := range ended[:max(len(ended)-int(*h.limit), 0)] {
			if err := t.remove(job); err != nil {
				return err
			}
		}
	}
	return nil
}

func startTime(job *batchv1.Job) time.Time {
	if job.Status.StartTime == nil {
		return job.CreationTimestamp.Time
	}
	return job.Status.StartTime.Time
}

// report notes which Jobs run, and the one that has just been started.
func (t *timetable) report(started *corev1.ObjectReference, due time.Time) error {
	return editTyped(t.s, cronJobs, &t.cj.ObjectMeta, controllerManager, "status", func(cj *batchv1.CronJob) {
		st := &cj.Status
		st.Active = slices.DeleteFunc(st.Active, func(ref corev1.ObjectReference) bool {
			return !slices.ContainsFunc(t.jobs, func(j *batchv1.Job) bool { return j.UID == ref.UID && !over(&j.Status) }) ||
				t.s.view.get(key{kind: jobs.GroupKind(), namespace: ref.Namespace, name: ref.Name}) == nil
		})
		for _, job := range t.jobs {
			done := job.Status.CompletionTime
			if done != nil && ended(&job.Status, batchv1.JobComplete) && (st.LastSuccessfulTime == nil || done.After(st.LastSuccessfulTime.Time)) {
				st.LastSuccessfulTime = done
			}
		}
		if started != nil {
			at := metav1.NewTime(due.UTC())
			st.Active = append(st.Active, *started)
			st.LastScheduleTime = &at
		}
	})
}
