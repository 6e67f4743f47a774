package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// independent reports whether each index of the Job has a back-off limit of its own.
func (r *jobRun) independent() bool { return r.indexed() && r.job.Spec.BackoffLimitPerIndex != nil }

// settleIndexes sorts the failures of a Job whose indexes are independent: those that end their index, and the last one of each
// other index, which stays uncounted until it has been replaced.
func (r *jobRun) settleIndexes() {
	if r.job.Status.FailedIndexes != nil {
		r.lost = indexesIn(*r.job.Status.FailedIndexes)
	}
	r.replace = map[int]*corev1.Pod{}
	for _, pod := range r.fresh {
		if pod.Status.Phase == corev1.PodSucceeded {
			continue
		}
		for _, n := range r.indexes(pod) {
			counts, action, _ := r.judge(pod)
			if action == batchv1.PodFailurePolicyActionFailIndex || counts && noted(pod, batchv1.JobIndexFailureCountAnnotation) >= int(*r.job.Spec.BackoffLimitPerIndex) {
				r.lost = append(r.lost, n)
			}
		}
	}
	slices.Sort(r.lost)
	r.lost = slices.Compact(r.lost)
	busy := slices.Concat(r.indexes(r.active...), r.done, r.lost)
	for _, pod := range r.fresh {
		for _, n := range r.indexes(pod) {
			if pod.Status.Phase == corev1.PodSucceeded || slices.Contains(busy, n) {
				continue
			}
			if last := r.replace[n]; last == nil || failuresBefore(last) <= failuresBefore(pod) && !endOf(pod).Before(endOf(last)) {
				r.replace[n] = pod
			}
		}
	}
}

// noted reads a count from an annotation.
func noted(pod *corev1.Pod, annotation string) int {
	n, _ := strconv.Atoi(pod.Annotations[annotation])
	return n
}

// failuresBefore returns how many pods of its index have failed before this one, those that do not count included.
func failuresBefore(pod *corev1.Pod) int {
	return noted(pod, batchv1.JobIndexFailureCountAnnotation) + noted(pod, batchv1.JobIndexIgnoredFailureCountAnnotation)
}

// dropReplaced leaves the failures out of the account that are still to be replaced.
func (r *jobRun) dropReplaced() {
	r.fresh = slices.DeleteFunc(r.fresh, func(p *corev1.Pod) bool {
		return slices.ContainsFunc(r.indexes(p), func(n int) bool { return r.replace[n] == p })
	})
}

// note puts the failures of an index on the pod that takes the place of its last.
func (r *jobRun) note(pod *corev1.Pod, last *corev1.Pod) {
	counted, ignored := 0, 0
	if last != nil {
		counted, ignored = noted(last, batchv1.JobIndexFailureCountAnnotation), noted(last, batchv1.JobIndexIgnoredFailureCountAnnotation)
		if counts, _, _ := r.judge(last); counts {
			counted++
		} else {
			ignored++
		}
	}
	pod.Annotations = with(pod.Annotations, batchv1.JobIndexFailureCountAnnotation, strconv.Itoa(counted))
	if ignored > 0 {
		pod.Annotations[batchv1.JobIndexIgnoredFailureCountAnnotation] = strconv.Itoa(ignored)
	}
}

// fillIndexes starts pods for the first indexes that have none, as many as are missing.
func (r *jobRun) fillIndexes(missing int) error {
	busy := slices.Concat(r.indexes(r.active...), r.done, r.lost)
	now, next := r.s.api.Now(), time.Time{}
	for n := 0; n < int(orDefault(r.job.Spec.Completions, 1)) && missing > 0; n++ {
		if slices.Contains(busy, n) {
			continue
		}
		last := r.replace[n]
		if last != nil {
			if at := (backoff{failures: failuresBefore(last) + 1, last: endOf(last)}).until(); now.Before(at) {
				if next.IsZero() || at.Before(next) {
					next = at
				}
				continue
			}
		}
		if started, err := r.start(n, last); err != nil || !started {
			return err
		}
		missing--
	}
	if !next.IsZero() {
		r.s.pace.at(r.at, next)
	}
	return nil
}

// indexVerdict returns how a Job ends because of its indexes: too many of them failed, or enough succeeded.
func (r *jobRun) indexVerdict() *outcome {
	if r.independent() {
		limit := r.job.Spec.MaxFailedIndexes
		switch {
		case limit != nil && len(r.lost) > int(*limit):
			return failure(batchv1.JobReasonMaxFailedIndexesExceeded, "Job has exceeded the specified maximal number of failed indexes")
		case len(r.lost) > 0 && len(r.lost)+len(r.done) >= int(orDefault(r.job.Spec.Completions, 1)):
			return failure(batchv1.JobReasonFailedIndexes, "Job has failed indexes")
		}
	}
	if r.job.Spec.SuccessPolicy == nil || !r.indexed() || len(r.done) == 0 {
		return nil
	}
	for i, rule := range r.job.Spec.SuccessPolicy.Rules {
		have, want := len(r.done), -1
		if rule.SucceededIndexes != nil {
			wanted := indexesIn(*rule.SucceededIndexes)
			want = len(wanted)
			have = len(slices.DeleteFunc(slices.Clone(r.done), func(n int) bool { return !slices.Contains(wanted, n) }))
		}
		if have == want || rule.SucceededCount != nil && have >= int(*rule.SucceededCount) {
			return &outcome{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete, batchv1.JobReasonSuccessPolicy, fmt.Sprintf("Matched rules at index %d", i)}
		}
	}
	return nil
}
