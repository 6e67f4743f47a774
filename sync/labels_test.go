package sync_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/clustertest"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A label or annotation that is no string is refused. None is dropped, and not those beside it either.
func TestLabelsThatAreNoStrings(t *testing.T) {
	t.Parallel()
	e := inMemory(t)
	for metadata, says := range map[string]string{
		"labels: {app: web, version: 2}":            `metadata.labels["version"] is 2, not a string; quote it`,
		"labels: {app: web, version: [a]}":          `metadata.labels["version"] is a list, not a string; quote it`,
		"labels: [a]":                               "metadata.labels is a list, not a map of strings",
		"annotations: {a: b, c: true}":              `metadata.annotations["c"] is true, not a string; quote it`,
		"annotations: {a: {b: c}}":                  `metadata.annotations["a"] is a map, not a string; quote it`,
		"annotations: {setpoint.dev/sync-wave: -1}": `metadata.annotations["setpoint.dev/sync-wave"] is -1, not a string; quote it`,
	} {
		_, err := e.engine(nil).Plan(t.Context(), e.desired("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, "+metadata+"}\n"))
		var fault *setsync.Error
		require.ErrorAs(t, err, &fault, metadata)
		assert.Equal(t, "plan ConfigMap web (set.yaml:10): "+says, err.Error())
		assert.Equal(t, "set.yaml:10", fault.Origin.String())
	}
}

// Null is the empty string, as it is for the API server.
func TestLabelsThatAreNull(t *testing.T) { onEach(t, testLabelsThatAreNull) }

func testLabelsThatAreNull(t *testing.T, e *env) {
	eng := e.engine(nil)
	d := e.desired("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, labels: {app: web, empty: }, annotations: }\n")
	e.sync(eng, d)
	assert.Equal(t, map[string]string{"app": "web", "empty": "", inventory.LabelPartOf: e.inventory().ID()}, e.get("ConfigMap", "web").GetLabels())
	assert.Empty(t, e.plan(eng, d).Steps())
}

// The inventory's own Secrets cannot be members: a sync would overwrite the record, and a prune delete it.
func TestInventoryIsNoMember(t *testing.T) {
	t.Parallel()
	e := inMemory(t)
	for _, name := range []string{"set", "set-0123456789abcdef0123"} {
		_, err := e.engine(nil).Plan(t.Context(), e.desired("apiVersion: v1\nkind: Secret\nmetadata: {name: "+name+"}\n"))
		var fault *setsync.Error
		require.ErrorAs(t, err, &fault)
		assert.Equal(t, e.in("plan Secret NS/"+name+" (set.yaml:10): the inventory Secret NS/set keeps its record in it; choose another name for one of them"), err.Error())
	}
	p := e.plan(e.engine(nil), e.desired(docs(
		"apiVersion: v1\nkind: Secret\nmetadata: {name: set-web}\n", configMap("set", "1"),
		"apiVersion: v1\nkind: Secret\nmetadata: {name: set, namespace: default}\n")))
	assert.Equal(t, 3, p.Summary().Create)
}

// A group whose backend is away costs the engine's patience once, however many kinds of it are desired.
func TestPatienceIsSpentOnce(t *testing.T) {
	t.Parallel()
	e := inMemory(t)
	tries := map[string]int{}
	// Discovery asks for one kind after another.
	e.c = newTap(clustertest.Funcs{Kind: func(ctx context.Context, next cluster.Client, group, kind string) (cluster.Kind, error) {
		if group != "away.example" {
			return next.Kind(ctx, group, kind)
		}
		tries[kind]++
		return cluster.Kind{}, &cluster.Error{Op: "discover", Err: &cluster.DiscoveryError{Group: group, Err: cluster.ErrUnavailable}}
	}}.Wrap(e.c.direct))
	all := []string{configMap("a", "1")}
	for i := range 6 {
		all = append(all, fmt.Sprintf("apiVersion: away.example/v1\nkind: K%d\nmetadata: {name: a}\n", i))
	}
	const patience = 400 * time.Millisecond
	pauses := &pauses{Handler: slog.DiscardHandler}
	eng := e.engine(func(o *setsync.Options) { o.Patience, o.Logger = patience, slog.New(pauses) })
	_, err := eng.Plan(t.Context(), e.desired(docs(all...)))
	require.ErrorIs(t, err, cluster.ErrUnavailable)
	assert.Len(t, tries, 6)
	assert.Greater(t, tries["K0"], 1, "the fault may pass")
	assert.LessOrEqual(t, pauses.sum, patience)
}

// pauses adds up how long the engine says that it waits between requests.
type pauses struct {
	slog.Handler
	sum time.Duration
}

func (p *pauses) Enabled(context.Context, slog.Level) bool { return true }

func (p *pauses) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "after" {
			p.sum += a.Value.Duration()
		}
		return true
	})
	return nil
}
