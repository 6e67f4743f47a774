package sync_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/diff"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A plan that is confirmed has no step for what admission would undo, shows what the server refuses, and is made although one object
// cannot be tried and another one moves.
func TestPlanIsConfirmed(t *testing.T) {
	t.Parallel()
	var strict atomic.Bool
	server, err := memory.New(&memory.Options{Admission: []memory.Admission{{Name: "hook.example.com", Kind: "ConfigMap", Mutate: func(r *memory.AdmissionRequest) error {
		switch {
		case r.Object == nil || !strict.Load():
		case r.Name == "back":
			return unstructured.SetNestedField(r.Object.Object, "1", "data", "key")
		case r.Name == "denied":
			return errors.New("not on a Friday")
		case r.Name == "untried" && r.DryRun:
			return apierrors.NewBadRequest(`admission webhook "old.example.com" does not support dry run`)
		}
		return nil
	}}}})
	require.NoError(t, err)
	t.Cleanup(server.Close)
	c, err := kube.New(server.Config(), nil)
	require.NoError(t, err)
	e := &env{t: t, c: newTap(c), ns: "default", schemas: diff.NewSchemas(c)}
	names := []string{"back", "denied", "moving", "plain", "untried"}
	all := func(value string) setsync.Desired {
		var out []string
		for _, name := range names {
			out = append(out, configMap(name, value))
		}
		return e.desired(docs(out...))
	}
	eng := e.engine(func(o *setsync.Options) { o.Confirm = true })
	e.sync(eng, all("1"))
	strict.Store(true)
	moves := 3
	e.c.around = func(ctx context.Context, op string, ref cluster.Ref, send func() error) error {
		if op == "dry-run" && ref.Name == "moving" && moves > 0 {
			moves--
			patch := cluster.Patch{Type: "application/merge-patch+json", Data: []byte(`{"metadata":{"labels":{"moves":"` + strings.Repeat("x", moves+1) + `"}}}`)}
			if _, err := e.c.direct.Patch(ctx, ref, patch, cluster.WriteOptions{Manager: "mover"}); err != nil {
				return err
			}
		}
		return send()
	}
	p := e.plan(eng, all("2"))
	got := map[string]diff.Verdict{}
	reasons := map[string]string{}
	for _, s := range p.Steps() {
		got[s.Ref.Name], reasons[s.Ref.Name] = s.Comparison.Verdict, s.Reason
	}
	assert.Equal(t, map[string]diff.Verdict{"denied": diff.Refused, "moving": diff.Differs, "plain": diff.Differs, "untried": diff.Differs}, got)
	assert.Equal(t, `apply ConfigMap default/denied: forbidden: admission webhook "hook.example.com" denied the request: not on a Friday`, reasons["denied"])
	assert.Equal(t, "1 field differs", reasons["plain"])
	assert.Contains(t, p.String(), `? not confirmed: a webhook has side effects and takes part in no dry run: "old.example.com"`)
	assert.Zero(t, moves)

	e.c.around = nil
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.ErrorIs(t, err, cluster.ErrForbidden, "the plan has said so")
	assert.Equal(t, 3, r.Updated)
	again := map[string]bool{}
	for _, s := range e.plan(eng, all("2")).Steps() {
		again[s.Ref.Name] = true
	}
	assert.Equal(t, map[string]bool{"denied": true}, again)
}
