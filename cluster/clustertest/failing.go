package clustertest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/setpoint-dev/setpoint/cluster"
)

var failing = []Rule{
	{"error/names-verb-and-object", "A failed request says what was tried on what (cluster.Error).", func(s *scene) {
		obj := s.object(mine, "a")
		for op, err := range map[string]error{
			"replace": func() error { _, err := s.client.Replace(s.ctx, obj, by("test")); return err }(),
			"patch":   s.tryPatch(obj, mergePatch, `{}`),
			"delete":  s.client.Delete(s.ctx, cluster.RefOf(obj), cluster.DeleteOptions{}),
		} {
			var e *cluster.Error
			s.ErrorAs(err, &e, op)
			s.Equal(op, e.Op)
			s.Equal(cluster.RefOf(obj), e.Ref)
			s.Equal(404, e.Code)
		}
	}},
	{"error/not-retryable", "What will not change by itself is not to be retried (cluster.Retryable).", func(s *scene) {
		_, err := s.client.Get(s.ctx, cluster.RefOf(s.object(mine, "a")), cluster.GetOptions{})
		s.False(cluster.Retryable(err))
		s.False(cluster.Retryable(s.tryCreate(configMap, "Bad_Name", "")))
	}},
	{"error/invalid-has-code", "A refused object is an InvalidError with code 422 (Kubernetes API Conventions, HTTP status codes).", func(s *scene) {
		err := s.tryCreate(configMap, "Bad_Name", "")
		s.invalid(err, "metadata.name")
		var e *cluster.Error
		s.ErrorAs(err, &e)
		s.Equal(422, e.Code)
		s.Equal("create", e.Op)
	}},
	{"error/ended-context", "A request whose context has ended fails with its cause (cluster.Error).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		over := errors.New("enough")
		ctx, cancel := context.WithCancelCause(s.ctx)
		cancel(over)
		_, err := s.client.Get(ctx, cluster.RefOf(obj), cluster.GetOptions{})
		s.ErrorIs(err, over)
		_, err = s.client.Apply(ctx, s.object(configMap, "a", "x: '2'"), force("us"))
		s.ErrorIs(err, over)
		s.unchanged(obj)
	}},
	{"error/no-secrets", "An error about a Secret does not show its data (cluster.Error).", func(s *scene) {
		err := s.tryCreate("{apiVersion: v1, kind: Secret, metadata: {name: Bad_Name}, stringData: {x: very-hidden-value}}")
		s.invalid(err, "metadata.name")
		s.NotContains(err.Error(), "very-hidden-value")
	}},
}

var racing = []Rule{
	{"race/one-creates", "Of many creates under one name, one succeeds (Kubernetes API Concepts; unique names).", func(s *scene) {
		obj := s.object(mine, "a")
		errs := s.together(8, func(int) error {
			_, err := s.client.Create(s.ctx, obj.DeepCopy(), by("test"))
			return err
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			s.ErrorIs(err, cluster.ErrAlreadyExists)
		}
		s.Equal(1, won)
	}},
	{"race/one-replaces", "Of many replaces at one resourceVersion, one succeeds (Kubernetes API Conventions, Concurrency control).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		errs := s.together(8, func(i int) error {
			mine := obj.DeepCopy()
			if err := setField(mine, fmt.Sprint("w", i), "data", "x"); err != nil {
				return err
			}
			_, err := s.client.Replace(s.ctx, mine, by("test"))
			return err
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			s.ErrorIs(err, cluster.ErrConflict)
		}
		s.Equal(1, won)
	}},
	{"race/no-apply-is-lost", "Applies of different managers to one object at one time all take effect (KEP-555).", func(s *scene) {
		s.config("a", "x: '1'")
		desired := make([]string, 8)
		for i := range desired {
			desired[i] = fmt.Sprintf("k%d: v", i)
		}
		space := s.namespace()
		for _, err := range s.together(len(desired), func(i int) error {
			obj := parse(fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: %s}, data: {%s}}", space, desired[i]))
			_, err := s.client.Apply(s.ctx, obj, by(fmt.Sprint("m", i)))
			return err
		}) {
			s.NoError(err)
		}
		s.Len(at(s.get(s.object(configMap, "a", "")), "data"), len(desired)+1)
	}},
}

// together runs act n times at once and returns the errors.
func (s *scene) together(n int, act func(i int) error) []error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = act(i) })
	}
	group.Wait()
	return errs
}
