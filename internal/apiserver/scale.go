package apiserver

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	admission "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

var scaleKind = schema.GroupVersionKind{Group: "autoscaling", Version: "v1", Kind: "Scale"}

// builtinScale is the kind of scales, which is written through other kinds only.
var builtinScale = sync.OnceValues(func() (*Served, bool) {
	types := sync.OnceValues(func() (managedfields.TypeConverter, error) {
		// The schema is in the documents of the groups that have scales.
		document, err := documentOf(schema.GroupVersion{Group: "apps", Version: "v1"})
		if err != nil {
			return nil, err
		}
		schemas := map[string]*spec.Schema{}
		if err := document.Kind(scaleKind, schemas); err != nil {
			return nil, err
		}
		return apply.TypesOf(schemas, false)
	})
	m, ok := model.Builtin(scaleKind, types)
	return &Served{GVK: scaleKind, model: m, storage: scaleKind.Version, versions: []string{scaleKind.Version}}, ok
})

// scalePaths says where a kind keeps its replicas, the replicas that run, and their selector.
func (s *Served) scalePaths() (spec, status, selector strategy.Path) {
	if s.Custom == nil || s.Custom.Scale == nil {
		return strategy.Path{"spec", "replicas"}, strategy.Path{"status", "replicas"}, strategy.Path{"spec", "selector"}
	}
	split := func(path string) strategy.Path { return strings.Split(strings.TrimPrefix(path, "."), ".") }
	spec, status = split(s.Custom.Scale.SpecReplicasPath), split(s.Custom.Scale.StatusReplicasPath)
	if s.Custom.Scale.LabelSelectorPath != nil {
		selector = split(*s.Custom.Scale.LabelSelectorPath)
	}
	return spec, status, selector
}

// replicasPaths says where the object keeps its replicas at each version that managers may have written it at.
func (s *Served) replicasPaths() map[string][]string {
	spec, _, _ := s.scalePaths()
	out := map[string][]string{s.GVK.Version: spec}
	if s.definition == nil {
		return out
	}
	for _, v := range s.definition.Versions {
		out[v.Name] = nil
		if v.Scale != nil {
			out[v.Name] = strings.Split(strings.TrimPrefix(v.Scale.SpecReplicasPath, "."), ".")
		}
	}
	return out
}

// ReadScale returns an object's scale subresource.
func (s *Server) ReadScale(served *Served, namespace, name string) (*unstructured.Unstructured, error) {
	obj, err := s.Read(served, namespace, name)
	if err != nil {
		return nil, err
	}
	if spec, _, _ := served.scalePaths(); served.Custom != nil && strategy.Get(obj.Object, spec) == nil {
		return nil, apierrors.NewInternalError(fmt.Errorf("the spec replicas field %q does not exist", "."+dotted(spec)))
	}
	return served.scale(obj), nil
}

// scale shows obj as a Scale.
func (s *Served) scale(obj *unstructured.Unstructured) *unstructured.Unstructured {
	spec, status, selector := s.scalePaths()
	meta := map[string]any{
		"name": obj.GetName(), "uid": string(obj.GetUID()), "resourceVersion": obj.GetResourceVersion(),
	}
	if obj.GetNamespace() != "" {
		meta["namespace"] = obj.GetNamespace()
	}
	if at := strategy.Get(obj.Object, strategy.Path{"metadata", "creationTimestamp"}); at != nil {
		meta["creationTimestamp"] = at
	}
	specOut, statusOut := map[string]any{}, map[string]any{"replicas": int64(0)}
	if n, ok := strategy.Get(obj.Object, spec).(int64); ok && n != 0 {
		specOut["replicas"] = n
	}
	if n, ok := strategy.Get(obj.Object, status).(int64); ok {
		statusOut["replicas"] = n
	}
	if text := selectorText(strategy.Get(obj.Object, selector)); text != "" {
		statusOut["selector"] = text
	}
	out := &unstructured.Unstructured{Object: map[string]any{"metadata": meta, "spec": specOut, "status": statusOut}}
	out.SetGroupVersionKind(scaleKind)
	return out
}

// plainSelector reads a selector that is nothing but labels, as it was before there were expressions.
func plainSelector(value map[string]any) (labels.Set, bool) {
	out := labels.Set{}
	for key, v := range value {
		text, ok := v.(string)
		if !ok {
			return nil, false
		}
		out[key] = text
	}
	return out, len(out) > 0
}

// selectorText writes a selector the way kubectl takes it.
func selectorText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		if plain, ok := plainSelector(v); ok {
			return plain.String()
		}
		var selector metav1.LabelSelector
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(v, &selector); err != nil {
			return ""
		}
		parsed, err := metav1.LabelSelectorAsSelector(&selector)
		if err != nil {
			return ""
		}
		return parsed.String()
	}
	return ""
}

// ModifyScale writes the replicas of an object through its scale subresource. edit computes the new Scale from the present
// one.
func (s *Server) ModifyScale(served *Served, w Write, edit changeFunc) (*unstructured.Unstructured, error) {
	return s.modifyScale(served, w, rule{}, edit)
}

func (s *Server) modifyScale(served *Served, w Write, r rule, edit changeFunc) (*unstructured.Unstructured, error) {
	defer s.settle()
	path, _, _ := served.scalePaths()
	w.Subresource = "scale"
	parent := w
	parent.admitted = true // admission is asked about the Scale
	out, _, err := s.modify(served, parent, r, func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		return s.rescale(served, live, path, w, edit)
	})
	if err != nil {
		return nil, err
	}
	return served.scale(out), nil
}

func (s *Server) rescale(served *Served, live *unstructured.Unstructured, path strategy.Path, w Write, edit changeFunc,
) (*unstructured.Unstructured, error) {
	ownership, err := apply.NewScale(live.GetManagedFields(), served.GVK.GroupVersion(), served.replicasPaths())
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	entries, err := ownership.Down()
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	scale := served.scale(live)
	scale.SetManagedFields(entries)
	edited, err := edit(scale.DeepCopy())
	if err != nil {
		return nil, err
	}
	if err := s.sameObject(served, edited, w); err != nil {
		return nil, err
	}
	if edited, err = s.admitScale(served, edited, scale, w); err != nil {
		return nil, err
	}
	if uid := edited.GetUID(); uid != "" && uid != live.GetUID() && served.Custom == nil { // a custom one's is not looked at
		gr := served.GVR.GroupResource()
		gr.Resource += "/scale"
		said := fmt.Sprintf("Precondition failed: UID in precondition: %v, UID in object meta: %v", uid, live.GetUID())
		return nil, apierrors.NewConflict(gr, w.Name, errors.New(said))
	}
	if v := edited.GetResourceVersion(); v != "" && v != live.GetResourceVersion() {
		return nil, apierrors.NewConflict(served.GVR.GroupResource(), w.Name, fmt.Errorf("%s", optimisticLock))
	}
	replicas, _ := strategy.Get(edited.Object, strategy.Path{"spec", "replicas"}).(int64)
	if replicas < 0 {
		return nil, apierrors.NewInvalid(scaleKind.GroupKind(), w.Name, field.ErrorList{field.Invalid(field.NewPath("spec", "replicas"), replicas, "must be greater than or equal to 0")})
	}
	strategy.Put(live.Object, path, replicas)
	parents, err := ownership.Up(edited.GetManagedFields())
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	live.SetManagedFields(parents)
	return live, nil
}

// admitScale asks admission about a Scale, which is the object of such a write.
func (s *Server) admitScale(served *Served, obj, old *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	kind, err := s.Scale()
	if err != nil {
		return nil, err
	}
	if obj, err = s.mutate(served, kind, obj, old, w); err != nil {
		return nil, err
	}
	return obj, s.validated(served, admission.Update, obj, old, w)
}

// Scale returns the kind of scales.
func (s *Server) Scale() (*Served, error) {
	kind, ok := builtinScale()
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("no model of %s", scaleKind.Kind))
	}
	return kind, nil
}

// UpdateScale replaces a Scale by one from a request's body, already decoded.
func (s *Server) UpdateScale(served *Served, sent *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	kind, err := s.Scale()
	if err != nil {
		return nil, err
	}
	manager, err := kind.manager("scale")
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	if err := s.sameObject(served, sent, w); err != nil {
		return nil, err
	}
	return s.modifyScale(served, w, rule{uid: sent.GetUID()}, func(scale *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		return manager.Update(scale, sent.DeepCopy(), w.Manager, s.time()), nil
	})
}

// PatchScale patches a Scale.
func (s *Server) PatchScale(served *Served, patchType types.PatchType, data []byte, force bool, w Write) (*unstructured.Unstructured, error) {
	kind, err := s.Scale()
	if err != nil {
		return nil, err
	}
	if served.Custom != nil && patchType == types.ApplyYAMLPatchType {
		return nil, s.noScaleApply(served, data, w)
	}
	through := w
	through.Subresource = "scale"
	change, err := s.patchChange(kind, patchType, data, force, through)
	if err != nil {
		return nil, err
	}
	return s.ModifyScale(served, w, change)
}

// noScaleApply is the answer to an apply of the Scale of a custom resource, which the real server cannot do.
func (s *Server) noScaleApply(served *Served, data []byte, w Write) error {
	patch, err := w.parseApply(data)
	if err != nil {
		return err
	}
	live, err := s.Read(served, w.Namespace, w.Name)
	if err != nil {
		return err
	}
	ownership, err := apply.NewScale(live.GetManagedFields(), served.GVK.GroupVersion(), served.replicasPaths())
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	if entries, err := ownership.Down(); err == nil && len(entries) == 0 {
		return plainError(fmt.Sprintf("failed to create manager for existing fields: failed to convert live object (/; %[1]s, Kind=%[2]s) "+
			"to proper version: request to convert CR to an invalid group/version: %[1]s", scaleKind.GroupVersion(), scaleKind.Kind))
	}
	obj := unstructured.Unstructured{Object: patch}
	return plainError(fmt.Sprintf("failed to convert new object (%s/%s; %s) to proper version: request to convert CR to an invalid group/version: %s",
		obj.GetNamespace(), obj.GetName(), obj.GroupVersionKind(), obj.GroupVersionKind().GroupVersion()))
}
