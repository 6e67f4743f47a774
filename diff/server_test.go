package diff_test

import (
	"context"
	"flag"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

var (
	seed    = flag.Uint64("seed", 0, "the seed of the random pairs; 0 takes one from the clock")
	leaves  = flag.Int("leaves", 40, "how many leaves of each definition of the corpora another manager changes, and all of other objects; 0 means all, and all fields beside them, which takes half an hour on two idle cores")
	verbose = flag.Bool("verbose", false, "print the objects of a pair that fails")
)

const us = "setpoint"

// published hands out the documents of a server.
type published struct{ d discovery.DiscoveryInterface }

func (p published) OpenAPI(_ context.Context, group, version string) ([]byte, string, error) {
	paths, err := p.d.OpenAPIV3().Paths()
	if err != nil {
		return nil, "", err
	}
	name := "apis/" + group + "/" + version
	if group == "" {
		name = "api/" + version
	}
	doc, ok := paths[name]
	if !ok {
		return nil, "", cluster.ErrNoKind
	}
	data, err := doc.Schema(runtime.ContentTypeJSON)
	return data, doc.ServerRelativeURL(), err
}

// server is a real API server and what it says of its kinds.
type server struct {
	client    dynamic.Interface
	namespace string
	schemas   *diff.Schemas
	set       *schema.Set
	// lastApplied is what we applied last in the latest history.
	lastApplied *unstructured.Unstructured
}

func newServer(t *testing.T) *server {
	t.Helper()
	control := kubetest.Shared(t, nil)
	config := control.Config()
	config.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	d, err := discovery.NewDiscoveryClientForConfig(config)
	require.NoError(t, err)
	s := &server{client: client, namespace: kubetest.Namespace(t, config)}
	crd := widgetDefinition()
	crds := client.Resource(apischema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	_, err = crds.Create(t.Context(), crd, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = crds.Delete(ctx, crd.GetName(), metav1.DeleteOptions{})
	})
	var versions []apischema.GroupVersion
	for _, f := range families {
		versions = append(versions, f.resource.GroupVersion())
		for _, v := range f.versions {
			versions = append(versions, apischema.GroupVersion{Group: f.resource.Group, Version: v})
		}
	}
	for _, f := range schema.AllFacts() {
		versions = append(versions, apischema.GroupVersion{Group: f.Group, Version: f.Version})
	}
	versions = append(versions, apischema.GroupVersion{Group: "autoscaling", Version: "v1"})
	s.schemas, s.set = diff.NewSchemas(published{d}), schema.New(published{d})
	widgets := apischema.GroupVersionKind{Group: "diff.example.com", Version: "v1", Kind: "Widget"}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.NoError(c, s.set.Load(t.Context(), versions...))
		assert.NotEmpty(c, s.set.Kinds(widgets))
		_, err := client.Resource(families[len(families)-1].resource).Namespace(s.namespace).List(t.Context(), metav1.ListOptions{})
		assert.NoError(c, err)
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, s.schemas.Load(t.Context(), versions...))
	require.NoError(t, s.schemas.AddCRD(crd), "which says that the versions convert to each other as they are")
	return s
}

// of returns the objects of a family.
func (s *server) of(f family) dynamic.ResourceInterface {
	if f.clusterWide {
		return s.client.Resource(f.resource)
	}
	return s.client.Resource(f.resource).Namespace(s.namespace)
}

// place puts an object where its family's are.
func (s *server) place(f family, obj *unstructured.Unstructured) *unstructured.Unstructured {
	if !f.clusterWide {
		obj.SetNamespace(s.namespace)
	}
	return obj
}

// history makes an object and has several managers write it, by apply and by update.
func (s *server) history(t *testing.T, r *rand.Rand, f family, name string) (*unstructured.Unstructured, error) {
	client := s.of(f)
	var live *unstructured.Unstructured
	var err error
	s.lastApplied = nil
	for step := range 1 + r.IntN(4) {
		obj := s.place(f, f.object(r, name))
		client := client
		if n := len(f.versions); n > 0 && r.IntN(2) == 0 {
			at := f
			at.resource.Version = f.versions[r.IntN(n)]
			obj.SetAPIVersion(at.resource.GroupVersion().String())
			client = s.of(at)
		}
		manager := []string{us, us, "helm", "hpa"}[r.IntN(4)]
		if step == 0 && r.IntN(3) > 0 {
			manager = us
		}
		var next *unstructured.Unstructured
		if step > 0 && r.IntN(3) == 0 {
			patch, merr := (&unstructured.Unstructured{Object: maps.Clone(obj.Object)}).MarshalJSON()
			require.NoError(t, merr)
			next, err = client.Patch(t.Context(), name, "application/merge-patch+json", patch, metav1.PatchOptions{FieldManager: "editor"})
		} else {
			next, err = client.Apply(t.Context(), name, obj, metav1.ApplyOptions{FieldManager: manager, Force: true})
			if err == nil && manager == us {
				s.lastApplied = obj.DeepCopy()
				s.lastApplied.SetAPIVersion(f.resource.GroupVersion().String())
			}
		}
		if err != nil {
			if live == nil {
				return nil, err
			}
			continue
		}
		live = next
	}
	if s.lastApplied == nil {
		s.lastApplied = s.place(f, f.object(r, name))
	}
	return client.Get(t.Context(), name, metav1.GetOptions{})
}
