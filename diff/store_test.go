package diff_test

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/schema"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// store is one object with the managed fields that apimachinery keeps for it, for tests without a server. Objects in it have
// the defaults of the embedded tables.
type store struct {
	t       *testing.T
	manager managedfieldstest.TestFieldManager
	kind    *schema.Kind
}

// newStore returns an empty store for objects of the kind of the manifest.
func newStore(t *testing.T, manifest string) *store {
	t.Helper()
	gvk := object(t, manifest).GroupVersionKind()
	types := converters(t, gvk.GroupVersion())
	return &store{t: t, manager: managedfieldstest.NewTestFieldManager(types, gvk), kind: schema.New(nil).Kinds(gvk)[0]}
}

var converterCache sync.Map

// converters types the objects of a group version as apimachinery does.
func converters(t *testing.T, gv apischema.GroupVersion) managedfields.TypeConverter {
	if c, ok := converterCache.Load(gv); ok {
		return c.(managedfields.TypeConverter)
	}
	raw, ok := embedded.OpenAPI(gv)
	require.True(t, ok)
	var doc struct {
		Components struct {
			Schemas map[string]*spec.Schema `json:"schemas"`
		} `json:"components"`
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	types, err := managedfields.NewTypeConverter(doc.Components.Schemas, false)
	require.NoError(t, err)
	converterCache.Store(gv, types)
	return types
}

// object reads a manifest.
func object(t testing.TB, manifest string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(manifest))
	require.NoError(t, err)
	obj := &unstructured.Unstructured{}
	require.NoError(t, obj.UnmarshalJSON(data))
	return obj
}

// apply applies a manifest with force.
func (s *store) apply(manager, manifest string) *store {
	s.t.Helper()
	require.NoError(s.t, s.manager.Apply(object(s.t, manifest), manager, true))
	return s
}

// update changes the live object as a controller or a person with an editor does.
func (s *store) update(manager string, change func(obj map[string]any)) *store {
	s.t.Helper()
	obj := s.manager.Live().(*unstructured.Unstructured)
	change(obj.Object)
	require.NoError(s.t, s.manager.Update(obj, manager))
	return s
}

// live returns the object as a server would hand it out.
func (s *store) live() *unstructured.Unstructured {
	obj := s.manager.Live().(*unstructured.Unstructured)
	fields := obj.GetManagedFields()
	obj.Object = s.kind.Store(obj.Object)
	obj.SetManagedFields(fields)
	obj.SetUID("0b5c")
	obj.SetResourceVersion("7")
	return obj
}
