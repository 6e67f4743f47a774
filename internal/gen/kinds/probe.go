package main

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// trial is what became of one change of a stored object.
type trial struct {
	at place
	// was and is are the values there before and in what was sent; stored is what the server made of it.
	was, is, stored any
	// refused are the faults for which the server kept the old object, though it takes the new one when there is none.
	refused []metav1.StatusCause
	// moved says that the generation went up.
	moved bool
}

// lab tries changes on objects of one kind.
type lab struct {
	resource
	samples []sample
	// untried are the places where no other value was valid.
	untried map[string]bool
}

// stored returns a sample as the server has it: completed, with the status that the sample states.
func (l lab) stored(s sample) (object, error) {
	out, err := l.create(s.obj)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", l.Kind, s.state, err)
	}
	if status, ok := s.obj["status"].(map[string]any); ok {
		merged, _ := out["status"].(map[string]any)
		if merged == nil {
			merged = object{}
		}
		for k, v := range clone(status) {
			merged[k] = v
		}
		out["status"] = merged
	}
	// In the server's own words, so that it is known again.
	in, err := l.read(out)
	if err != nil {
		return nil, err
	}
	return l.write(in)
}

// try makes each change that leaves a valid object, and the same backwards.
func (l lab) try(s sample) ([]trial, error) {
	stored, err := l.stored(s)
	if err != nil {
		return nil, err
	}
	var donors []object
	for _, other := range l.samples {
		if other.state != s.state {
			donors = append(donors, other.obj)
		}
	}
	var out []trial
	done := map[string]int{}
	for _, m := range mutations(s.obj, donors) {
		key := strings.Join(m.at.general(), ".")
		raw := clone(s.obj)
		if !m.apply(raw) || done[fmt.Sprint(m.at)] > 2 {
			continue
		}
		if _, tried := l.untried[key]; !tried {
			l.untried[key] = true
		}
		if m.at[0] == "status" {
			changed := clone(stored)
			if m.apply(changed) {
				out = append(out, l.change(stored, changed, m.at)...)
				l.untried[key] = false
			}
			continue
		}
		valid, err := l.stored(sample{s.state, raw})
		if err != nil {
			continue
		}
		l.untried[key] = false
		done[fmt.Sprint(m.at)]++
		changed := clone(stored)
		if m.apply(changed) {
			out = append(out, l.change(stored, changed, m.at)...)
		}
		if m.foreign || l.telling(m.at) {
			continue
		}
		// Back to what the sample states there. A change that takes the object to another state is tried in one direction.
		back := clone(valid)
		if was := look(s.obj, m.at); was != nil {
			put(back, m.at, was)
		} else {
			cut(back, m.at)
		}
		out = append(out, l.change(valid, back, m.at)...)
	}
	return out, nil
}

// telling says whether samples differ in a place, so that their states may.
func (l lab) telling(at place) bool {
	for _, s := range l.samples[1:] {
		if !reflect.DeepEqual(look(s.obj, at), look(l.samples[0].obj, at)) {
			return true
		}
	}
	return false
}

// change tries one update of the object itself. A status that the server would not read is no trial.
func (l lab) change(stored, changed object, at place) []trial {
	t := trial{at: at, was: look(stored, at), is: look(changed, at)}
	if reflect.DeepEqual(t.was, t.is) {
		return nil
	}
	out, err := l.update(stored, changed, false)
	var status apierrors.APIStatus
	switch {
	case err == nil:
		t.stored = look(out, at)
		t.moved = generation(out) > generation(stored)
	case errors.As(err, &status) && apierrors.IsInvalid(err):
		if at[0] != "status" {
			t.refused = l.ofTheChange(changed, status.Status().Details.Causes)
		}
		if len(t.refused) == 0 {
			return nil
		}
	default:
		return nil // A value that cannot be read.
	}
	return []trial{t}
}

// ofTheChange returns the faults that the object would not have if it were new.
func (l lab) ofTheChange(obj object, causes []metav1.StatusCause) []metav1.StatusCause {
	var status apierrors.APIStatus
	fresh := clone(obj)
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "generation"} {
		cut(fresh, place{"metadata", field})
	}
	_, err := l.create(fresh)
	if !errors.As(err, &status) || status.Status().Details == nil {
		return causes
	}
	return slices.DeleteFunc(slices.Clone(causes), func(c metav1.StatusCause) bool {
		return slices.Contains(status.Status().Details.Causes, c)
	})
}

func generation(obj object) int64 {
	n, _ := look(obj, place{"metadata", "generation"}).(int64)
	return n
}

// try statuses: which parts a write to the status leaves as they were.
func (l lab) statusKeeps(s sample) ([][]string, error) {
	stored, err := l.stored(s)
	if err != nil {
		return nil, err
	}
	kept, moved := map[string]bool{}, map[string]bool{}
	changes := mutations(stored, nil)
	for _, field := range []string{"labels", "annotations", "finalizers", "ownerReferences"} {
		changes = append(changes, metadataChange(field))
	}
	for _, m := range changes {
		if m.at[0] == "status" || len(m.at) < 2 && m.at[0] == "metadata" {
			continue
		}
		part := m.at[0].(string)
		if part == "metadata" {
			if slices.Contains([]string{"uid", "creationTimestamp", "generation", "resourceVersion"}, m.at[1].(string)) {
				continue // No write changes them.
			}
			part += "." + m.at[1].(string)
		}
		changed := clone(stored)
		if !m.apply(changed) || reflect.DeepEqual(look(stored, m.at), look(changed, m.at)) {
			continue
		}
		out, err := l.update(stored, changed, true)
		if err != nil {
			continue
		}
		if reflect.DeepEqual(look(out, m.at), look(stored, m.at)) {
			kept[part] = true
		} else {
			moved[part] = true
		}
	}
	var paths [][]string
	for part := range kept {
		if !moved[part] {
			paths = append(paths, strings.Split(part, "."))
		}
	}
	slices.SortFunc(paths, compare)
	return paths, nil
}

func metadataChange(field string) mutation {
	at := place{"metadata", field}
	return mutation{at: at, apply: func(obj object) bool {
		switch field {
		case "labels", "annotations":
			return put(obj, at.child("probe"), "probe")
		case "finalizers":
			return put(obj, at, []any{"example.com/probe"})
		}
		return put(obj, at, []any{object{"apiVersion": "v1", "kind": "Pod", "name": "owner", "uid": "1"}})
	}}
}

func compare(a, b []string) int { return cmp.Compare(strings.Join(a, "."), strings.Join(b, ".")) }
