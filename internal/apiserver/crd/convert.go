package crd

import (
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// Convert returns a custom resource at another version of its kind, in place of a conversion webhook. It may change obj and
// return it. See [Options.Convert].
type Convert func(obj *unstructured.Unstructured, version string) (*unstructured.Unstructured, error)

// Convert returns an object at another version; the caller defaults and prunes it afterwards with [Version.Read]. Obj is not
// changed, and returned as it is when it has the version already.
func (d *Definition) Convert(obj *unstructured.Unstructured, version string) (*unstructured.Unstructured, error) {
	if d.Version(version) == nil {
		return nil, fmt.Errorf("convert %s %s: %s has no version %q", obj.GetKind(), obj.GetName(), d.Name, version)
	}
	to := d.Group + "/" + version
	switch {
	case obj.GetAPIVersion() == to:
		return obj, nil
	case d.Webhook && len(obj.Object) > 2: // more than apiVersion and kind
		return d.call(obj, version)
	}
	out := obj.DeepCopy()
	out.SetAPIVersion(to)
	return out, nil
}

// call lets the function convert that stands in for the webhook, and holds it to what a webhook may do: change everything
// but the identity of the object, and of its metadata the labels and annotations.
func (d *Definition) call(obj *unstructured.Unstructured, version string) (*unstructured.Unstructured, error) {
	failed := func(format string, args ...any) error {
		return fmt.Errorf("conversion of %s %s to %s %s", obj.GroupVersionKind(), obj.GetName(), version, fmt.Sprintf(format, args...))
	}
	if d.convert == nil {
		return nil, failed("needs a webhook, which this server does not call: set Options.Convert to a function for %s", d.Name)
	}
	out, err := d.convert(obj.DeepCopy(), version)
	switch {
	case err != nil:
		return nil, failed("failed: %v", err)
	case out == nil || out.Object == nil:
		return nil, failed("returned no object")
	case out.GetAPIVersion() != d.Group+"/"+version:
		return nil, failed("returned invalid object: invalid groupVersion (expected %s/%s, received %s)", d.Group, version, out.GetAPIVersion())
	}
	for _, same := range []struct{ what, want, got string }{
		{"kind", obj.GetKind(), out.GetKind()}, {"name", obj.GetName(), out.GetName()},
		{"namespace", obj.GetNamespace(), out.GetNamespace()}, {"UID", string(obj.GetUID()), string(out.GetUID())},
	} {
		if same.want != same.got {
			return nil, failed("returned invalid object: must have the same %s: %v != %v", same.what, same.want, same.got)
		}
	}
	plain, err := jsonValues(out.Object)
	if err != nil {
		return nil, failed("returned invalid object: %v", err)
	}
	out = &unstructured.Unstructured{Object: plain}
	labels, annotations := out.GetLabels(), out.GetAnnotations()
	if meta, ok := obj.Object["metadata"]; ok {
		out.Object["metadata"] = runtime.DeepCopyJSONValue(meta)
	}
	out.SetLabels(labels)
	out.SetAnnotations(annotations)
	return out, nil
}

// jsonValues returns what is left of a function's result when it is written and read, so that an int becomes an int64.
func jsonValues(in map[string]any) (map[string]any, error) {
	raw, err := (&unstructured.Unstructured{Object: in}).MarshalJSON()
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	return out, kjson.UnmarshalCaseSensitivePreserveInts(raw, &out)
}

// checkConverts refuses a definition whose versions only a webhook can convert, when no function stands in for it. With one
// version there is nothing to convert.
func checkConverts(in *apiextensions.CustomResourceDefinition, opts Options) field.ErrorList {
	c := in.Spec.Conversion
	if c == nil || c.Strategy != apiextensions.WebhookConverter || len(in.Spec.Versions) < 2 || opts.Convert[schema.GroupKind{Group: in.Spec.Group, Kind: in.Spec.Names.Kind}] != nil {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec", "conversion", "strategy"),
		fmt.Sprintf("this server does not call webhooks: set Options.Convert to a function that converts %s, or declare the strategy None", in.Name))}
}
