package memory

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
)

// Convert returns a custom resource at another version of its kind, such as "v2", with that version in its apiVersion. Obj is a
// copy that the function may change and return. An error fails the request (500), and an object that cannot be converted
// can be neither read nor written at the version. Safe for concurrent use, and a function of its arguments alone: objects are
// converted whenever they are read at a version that they are not stored at.
type Convert func(obj *unstructured.Unstructured, version string) (*unstructured.Unstructured, error)

// definitions is what the options say about definitions.
func (o *Options) definitions() crd.Options {
	out := crd.Options{IgnoreRules: o.IgnoreRules, Rules: crd.CompileRule(o.Rules), Convert: map[schema.GroupKind]crd.Convert{}}
	for kind, convert := range o.Convert {
		if convert != nil {
			out.Convert[kind] = crd.Convert(convert)
		}
	}
	return out
}
