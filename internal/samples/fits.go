package samples

import (
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver/check"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// Fits says whether an object has its kind's structure and nothing that a server refuses in a new object, as far as the rules
// know.
func (d *Deck) Fits(gvk kschema.GroupVersionKind, obj map[string]any) bool {
	kind := d.kinds[gvk]
	anyName := func(string, bool) []string { return nil }
	u := &unstructured.Unstructured{Object: obj}
	if len(validation.ValidateObjectMetaAccessor(u, u.GetNamespace() != "", anyName, field.NewPath("metadata"))) > 0 {
		return false
	}
	if _, err := kind.Type.FromUnstructured(obj); err != nil {
		return false
	}
	stored := kind.Store(obj)
	for _, step := range strategy.For(gvk.GroupKind()).Prepare {
		if len(step(stored, nil, generous{})) > 0 {
			return false
		}
	}
	return len(check.Object(gvk, stored, nil)) == 0
}

// Takes says whether an object may take the place of another, both as a server stores them and as far as the rules know.
func (d *Deck) Takes(gvk kschema.GroupVersionKind, obj, old map[string]any) bool {
	row := strategy.For(gvk.GroupKind())
	for _, f := range row.Frozen {
		if f.Check(obj, old) != nil {
			return false
		}
	}
	for _, check := range row.Check {
		if len(check(obj, old)) > 0 {
			return false
		}
	}
	return len(check.Object(gvk, obj, old)) == 0
}

// generous is a server that has whatever an object asks for.
type generous struct{}

func (generous) Take(pool, value string) (string, bool) {
	switch {
	case value != "":
		return value, true
	case pool == strategy.ClusterIPs:
		return "10.0.0.9", true
	}
	return "30123", true
}

func (generous) Now() string { return "2024-01-01T00:00:00Z" }
