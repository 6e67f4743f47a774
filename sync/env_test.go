package sync_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/clustertest"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// tap is a client that counts, and in which a test can stand between the engine and the server.
type tap struct {
	cluster.Client
	// direct is the client behind.
	direct cluster.Client
	// around is called for each request with the function that sends it; nil sends. A watch it lets begin.
	around func(ctx context.Context, op string, ref cluster.Ref, send func() error) error

	writes, reads atomic.Int64
}

func newTap(c cluster.Client) *tap {
	t := &tap{direct: c}
	t.Client = clustertest.Funcs{Around: t.do}.Wrap(c)
	return t
}

func (c *tap) do(ctx context.Context, call clustertest.Call, send func() error) error {
	op := strings.ToLower(call.Method)
	switch {
	case op == "kind" || op == "openapi":
		return send()
	case call.DryRun && op != "delete":
		op = "dry-run"
		c.reads.Add(1)
	case op == "get" || op == "list" || op == "watch":
		c.reads.Add(1)
	default:
		c.writes.Add(1)
	}
	if c.around == nil {
		return send()
	}
	if op == "watch" {
		if err := c.around(ctx, op, call.Ref, func() error { return nil }); err != nil {
			return err
		}
		return send()
	}
	return c.around(ctx, op, call.Ref, send)
}

func (c *tap) OpenAPI(ctx context.Context, group, version string) ([]byte, string, error) {
	return c.direct.(cluster.OpenAPI).OpenAPI(ctx, group, version)
}

// env is a namespace on an API server with a set in it.
type env struct {
	t  *testing.T
	c  *tap
	ns string
	// schemas are the server's.
	schemas *diff.Schemas
	// fresh is a new namespace on the same server.
	fresh func() *env
}

// onEach runs a test on the server in memory and on a real control plane, both with controllers.
func onEach(t *testing.T, test func(t *testing.T, e *env)) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, inMemory(t))
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		test(t, onControlPlane(t))
	})
}

func inMemory(t *testing.T) *env {
	t.Helper()
	s, err := memory.New(&memory.Options{Controllers: true, Rules: celrules.Compile})
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Close()
		require.NoError(t, s.ControllerErrors())
	})
	c, err := kube.New(s.Config(), nil)
	require.NoError(t, err)
	var fresh func() *env
	n, schemas := 0, diff.NewSchemas(c)
	fresh = func() *env {
		n++
		ns := fmt.Sprintf("test-%d", n)
		obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": ns}}}
		_, err := c.Create(t.Context(), obj, cluster.WriteOptions{})
		require.NoError(t, err)
		return &env{t: t, c: newTap(c), ns: ns, schemas: schemas, fresh: fresh}
	}
	return fresh()
}

// realSchemas are shared by all tests on the one control plane.
var realSchemas = func() func(cluster.OpenAPI) *diff.Schemas {
	var once sync.Once
	var s *diff.Schemas
	return func(c cluster.OpenAPI) *diff.Schemas {
		once.Do(func() { s = diff.NewSchemas(c) })
		return s
	}
}()

func onControlPlane(t *testing.T) *env {
	t.Helper()
	cp := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	c, err := kube.New(cp.Config(), nil)
	require.NoError(t, err)
	var fresh func() *env
	schemas := realSchemas(c)
	fresh = func() *env {
		return &env{t: t, c: newTap(c), ns: kubetest.Namespace(t, cp.Config()), schemas: schemas, fresh: fresh}
	}
	return fresh()
}

func (e *env) inventory() *inventory.ApplySet { return e.named("set") }

func (e *env) named(name string) *inventory.ApplySet {
	inv, err := inventory.NewApplySet(e.c, e.ns, name, nil)
	require.NoError(e.t, err)
	return inv
}

// engine has short times, since nothing here is slow.
func (e *env) engine(change func(*setsync.Options)) *setsync.Engine {
	o := &setsync.Options{Namespace: e.ns, Prune: true, Deadline: 30 * time.Second, Grace: 500 * time.Millisecond, Patience: 5 * time.Second, Schemas: e.schemas}
	if change != nil {
		change(o)
	}
	return setsync.New(e.c, e.inventory(), o)
}

// desired parses documents; NS in them stands for the namespace.
func (e *env) desired(docs string) setsync.Desired {
	return parse(e.t, strings.ReplaceAll(docs, "NS", e.ns))
}

func parse(t *testing.T, docs string) setsync.Desired {
	t.Helper()
	d := setsync.Desired{Complete: true, Revision: "r1"}
	for i, doc := range strings.Split(docs, "\n---\n") {
		if strings.TrimSpace(doc) == "" {
			continue
		}
		obj := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(doc), &obj.Object), "%s", doc)
		d.Objects = append(d.Objects, obj)
		d.Origins = append(d.Origins, cluster.Origin{File: "set.yaml", Document: i + 1, Line: 10 * (i + 1)})
	}
	return d
}

func (e *env) plan(eng *setsync.Engine, d setsync.Desired) *setsync.Plan {
	e.t.Helper()
	p, err := eng.Plan(e.t.Context(), d)
	require.NoError(e.t, err)
	return p
}

func (e *env) sync(eng *setsync.Engine, d setsync.Desired) setsync.Result {
	e.t.Helper()
	r, err := setsync.Drain(eng.Run(e.t.Context(), e.plan(eng, d)))
	require.NoError(e.t, err)
	return r
}

func (e *env) get(kind, name string) *unstructured.Unstructured {
	e.t.Helper()
	ref := cluster.Ref{Kind: kind, Namespace: e.ns, Name: name}
	if kind == "Deployment" {
		ref.Group = "apps"
	}
	obj, err := e.c.direct.Get(e.t.Context(), ref, cluster.GetOptions{})
	require.NoError(e.t, err)
	return obj
}

func (e *env) record() *setsync.Record {
	r, err := e.inventory().Load(e.t.Context())
	require.NoError(e.t, err)
	return r
}

func ids(p *setsync.Plan) []string {
	var out []string
	for _, s := range p.Steps() {
		out = append(out, s.ID)
	}
	return out
}

func configMap(name, value string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {key: %q}\n", name, value)
}

func docs(d ...string) string { return strings.Join(d, "\n---\n") }

// For what only the cluster decides when it happens.
const (
	waitFor = time.Minute
	tick    = 50 * time.Millisecond
)

// in puts the namespace in the place of NS.
func (e *env) in(s string) string { return strings.ReplaceAll(s, "NS", e.ns) }
