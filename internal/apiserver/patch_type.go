package apiserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// retyped returns the error for a patch after which an object no longer says what it is, or says something else. Patched is
// the outcome of the patch in data. What a whole object may leave open, the outcome of a patch may not.
func (s *Served) retyped(patchType types.PatchType, data, patched []byte, faults []error, w Write) error {
	if patchType == types.MergePatchType && !bytes.Contains(data, []byte("apiVersion")) && !bytes.Contains(data, []byte("kind")) {
		return nil
	}
	var fields map[string]json.RawMessage
	var version, kind string
	if json.Unmarshal(patched, &fields) != nil || !textIn(fields["apiVersion"], &version) || !textIn(fields["kind"], &kind) {
		return nil // The decoder says what is wrong.
	}
	if s.Custom == nil {
		if version != "" {
			return nil
		}
		// Without a version the real server takes the object for one of its internal form, in which no field has its name.
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if name != "apiVersion" && name != "kind" {
				faults = append(faults, fmt.Errorf("unknown field %q", name))
			}
		}
		if err := w.reportPatch(string(patched), faults); err != nil {
			return err
		}
		return sameName(&unstructured.Unstructured{}, w.Name)
	}
	switch own := s.GVK.GroupVersion().String(); {
	case kind == "":
		return badPatch(string(patched), runtime.NewMissingKindErr(string(patched)).Error())
	case version == "":
		return apierrors.NewInternalError(runtime.NewMissingVersionErr("object has no apiVersion field"))
	case version != own && kind == s.GVK.Kind:
		other, err := schema.ParseGroupVersion(version)
		if err != nil || other.Group == s.GVK.Group {
			return nil
		}
		return apierrors.NewInvalid(schema.GroupKind{Group: other.Group, Kind: kind}, w.Name,
			field.ErrorList{field.Invalid(field.NewPath("apiVersion"), version, "must be "+own)})
	}
	return nil
}

// textIn reads a string that may be null or not there, and reports whether it is one.
func textIn(raw json.RawMessage, out *string) bool {
	return len(raw) == 0 || json.Unmarshal(raw, out) == nil
}
