package manifesttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
	"github.com/setpoint-dev/setpoint/health"
)

// Manager is the field manager under which manifests are applied.
const Manager = "manifesttest"

// Options configures a [Cluster]. Nil and the zero value mean the defaults.
type Options struct {
	// Server configures the API server. Nil means simulated controllers, rules of definitions evaluated by package celrules,
	// and otherwise the defaults of package memory; a value is taken as it is, so set its Controllers for workloads to come to
	// life.
	Server *memory.Options
	// Namespace is that of namespaced objects which name none. It is created when the server does not have it. Empty means
	// "default".
	Namespace string
	// Health judges objects for [Cluster.RequireHealthy]. Nil means health.New on the clock of the server.
	Health health.Checker
	// Holds says of an object what data it holds, such as "the database's volumes", and "" for none: what an operator keeps
	// behind a custom resource only its user knows. [Cluster.RequireUpgradable] asks it besides its own rules. Nil means no
	// more than those.
	Holds func(obj *unstructured.Unstructured) string
	// Update makes [Cluster.RequireGolden] write its file instead of comparing, as the environment variable
	// MANIFESTTEST_UPDATE=1 does. A test that has a flag for that passes its value here.
	Update bool
}

// Cluster is an API server in the process with what was applied to it. Make one with [New]; it ends with its test. Its
// methods are safe for concurrent use, but those that change the cluster are told apart by their results only when they
// do not overlap.
type Cluster struct {
	server    *memory.Server
	client    *kube.Client
	namespace string
	health    health.Checker
	holds     func(obj *unstructured.Unstructured) string
	update    bool

	mu      sync.Mutex
	origins map[*unstructured.Unstructured]cluster.Origin
	// applied is in the order of application, one entry for each object.
	applied []*member
}

// member is an object that was applied and is meant to be there.
type member struct {
	ref     cluster.Ref
	origin  cluster.Origin
	desired *unstructured.Unstructured
	// warnings are those of the last write.
	warnings []string
}

// title names the object and its place, such as "Deployment shop/web (web.yaml:3)".
func (m *member) title() string { return title(m.ref, m.origin) }

func title(ref cluster.Ref, origin cluster.Origin) string {
	if origin == (cluster.Origin{}) {
		return ref.String()
	}
	return fmt.Sprintf("%s (%s)", ref, origin)
}

// New starts a cluster that ends with the test. When the simulated controllers failed at something the test fails then.
func New(t testing.TB, opts *Options) *Cluster {
	t.Helper()
	if opts == nil {
		opts = &Options{}
	}
	serverOptions := opts.Server
	if serverOptions == nil {
		serverOptions = &memory.Options{Controllers: true, Rules: celrules.Compile}
	}
	server, err := memory.New(serverOptions)
	if err != nil {
		t.Fatalf("start a cluster for manifests: %v", err)
	}
	t.Cleanup(func() {
		server.Close()
		if err := server.ControllerErrors(); err != nil {
			t.Errorf("simulated controllers: %v", err)
		}
	})
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		t.Fatalf("start a cluster for manifests: %v", err)
	}
	c := &Cluster{
		server:    server,
		client:    client,
		namespace: opts.Namespace,
		health:    opts.Health,
		holds:     opts.Holds,
		update:    opts.Update,
		origins:   map[*unstructured.Unstructured]cluster.Origin{},
	}
	if c.health == nil {
		c.health = health.New(&health.Options{Now: server.Now})
	}
	if c.namespace == "" {
		c.namespace = "default"
	}
	namespace := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": c.namespace},
	}}
	if _, err := client.Create(t.Context(), namespace, cluster.WriteOptions{Manager: Manager}); err != nil && !errors.Is(err, cluster.ErrAlreadyExists) {
		t.Fatalf("start a cluster for manifests: %v", err)
	}
	return c
}

// Server returns the API server, to look at what is there with any client, to script its controllers, or to read its log of
// requests.
func (c *Cluster) Server() *memory.Server { return c.server }

// Get returns the stored object, and fails the test when there is none.
func (c *Cluster) Get(t testing.TB, ref cluster.Ref) *unstructured.Unstructured {
	t.Helper()
	obj, err := c.client.Get(t.Context(), ref, cluster.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

// Locate tells where objects come from, index by index, as a render.Result has them. Failures that concern one of them then
// name the place. Call it before the objects are applied.
func (c *Cluster) Locate(objects []*unstructured.Unstructured, origins []cluster.Origin) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, obj := range objects {
		if i < len(origins) {
			c.origins[obj] = origins[i]
		}
	}
}

// find returns the object's entry among those applied, nil without one. The caller holds mu.
func (c *Cluster) find(ref cluster.Ref) *member {
	for _, m := range c.applied {
		if m.ref == ref {
			return m
		}
	}
	return nil
}

// members returns a copy of the list of what was applied.
func (c *Cluster) members() []member {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]member, len(c.applied))
	for i, m := range c.applied {
		out[i] = *m
	}
	return out
}

// read returns the stored object at the version of its manifest, nil when it is gone.
func (c *Cluster) read(ctx context.Context, m member) (*unstructured.Unstructured, error) {
	obj, err := c.client.Get(ctx, m.ref, cluster.GetOptions{Version: m.desired.GroupVersionKind().Version})
	if errors.Is(err, cluster.ErrNotFound) {
		return nil, nil
	}
	return obj, err
}
