package apiserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// maxPatchOperations is how many operations a JSON patch may have.
const maxPatchOperations = 10_000

// maxPatchCopied is how much the copies in a JSON patch may add to an object, in bytes, as on the real server.
const maxPatchCopied = 3 << 20

// The library has one limit for the process, and none unless it is set. It is set before anything patches, since the library
// reads it unguarded.
func init() { jsonpatch.AccumulatedCopySizeLimit = maxPatchCopied }

// Patch changes an object by one of the four patch types. The second result says that it was created, which only an apply
// does.
func (s *Server) Patch(served *Served, patchType types.PatchType, data []byte, force bool, w Write) (*unstructured.Unstructured, bool, error) {
	defer s.settle()
	return s.patch(served, patchType, data, force, w)
}

func (s *Server) patch(served *Served, patchType types.PatchType, data []byte, force bool, w Write) (*unstructured.Unstructured, bool, error) {
	change, err := s.patchChange(served, patchType, data, force, w)
	if err != nil {
		return nil, false, err
	}
	apply := patchType == types.ApplyYAMLPatchType
	w.applied = apply
	out, created, err := s.modify(served, w, rule{create: apply && w.Subresource == ""}, change)
	return out, created, err
}

func (s *Server) patchChange(served *Served, patchType types.PatchType, data []byte, force bool, w Write) (changeFunc, error) {
	if patchType != types.ApplyYAMLPatchType && !json.Valid(data) {
		return nil, apierrors.NewBadRequest("invalid JSON patch")
	}
	switch patchType {
	case types.ApplyYAMLPatchType:
		return s.applyChange(served, data, force, w)
	case types.JSONPatchType, types.MergePatchType:
		return s.editChange(served, w, func(live []byte) (map[string]any, error) {
			patched, faults, err := patchJSON(live, patchType, data, w.strict())
			if err != nil {
				return nil, err
			}
			if err := served.retyped(patchType, data, patched, faults, w); err != nil {
				return nil, err
			}
			obj, dropped, err := served.model.Decode(patched, w.strict())
			if err != nil {
				return nil, badPatch(string(patched), cause(err))
			}
			return obj, w.reportPatch(string(patched), append(faults, dropped...))
		})
	case types.StrategicMergePatchType:
		return s.editChange(served, w, func(live []byte) (map[string]any, error) {
			return strategicMerge(served, live, data, w)
		})
	}
	return nil, apierrors.NewGenericServerResponse(http.StatusUnsupportedMediaType, "patch", served.GVR.GroupResource(), w.Name,
		fmt.Sprintf("the server does not know the patch type %q", patchType), 0, true)
}

// editChange is a patch that says how the object changes, and is recorded as an update.
func (s *Server) editChange(served *Served, w Write, edit func(live []byte) (map[string]any, error)) (changeFunc, error) {
	manager, err := served.manager(w.Subresource)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		raw, err := plain.Encode(live.Object)
		if err != nil {
			return nil, apierrors.NewInternalError(err)
		}
		patched, err := edit(raw)
		if err != nil {
			return nil, err
		}
		served.model.Default(patched)
		obj, err := served.recorded(&unstructured.Unstructured{Object: patched}, func(shown *unstructured.Unstructured) *unstructured.Unstructured {
			return manager.Update(live, shown, w.Manager, s.time())
		})
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		return obj, nil
	}, nil
}

// badPatch is the error for a patch whose outcome is not an object of the kind. The real server shows the outcome, or the
// patch.
func badPatch(shown, fault string) error {
	return apierrors.NewInvalid(schema.GroupKind{}, "", field.ErrorList{field.Invalid(field.NewPath("patch"), shown, fault)})
}

// cause returns what the decoder said, without what a handler of whole objects puts before it.
func cause(err error) string {
	var decoding *model.DecodeError
	if errors.As(err, &decoding) {
		return decoding.Cause.Error()
	}
	return err.Error()
}

// reportPatch deals with unknown and duplicate fields in a patch as the request wishes.
func (w Write) reportPatch(shown string, dropped []error) error {
	if len(dropped) == 0 || w.Validation != metav1.FieldValidationStrict {
		return w.report(dropped, "")
	}
	return badPatch(shown, runtime.NewStrictDecodingError(dropped).Error())
}

// report deals with unknown and duplicate fields as the request wishes.
func (w Write) report(dropped []error, what string) error {
	if len(dropped) == 0 || w.Validation == metav1.FieldValidationIgnore {
		return nil
	}
	if w.Validation == metav1.FieldValidationStrict {
		parts := make([]string, len(dropped))
		for i, d := range dropped {
			parts[i] = d.Error()
		}
		return apierrors.NewBadRequest(what + "strict decoding error: " + strings.Join(parts, ", "))
	}
	for _, d := range dropped {
		w.warn(d.Error())
	}
	return nil
}

// Accept decides about the unknown and duplicate fields of a body: an error when the request is strict, warnings when it is not.
func (s *Server) Accept(served *Served, dropped []error, w Write) error {
	return w.report(dropped, fmt.Sprintf("%s in version %q cannot be handled as a %s: ", served.GVK.Kind, served.GVK.Version, served.GVK.Kind))
}

// Decode reads a request's body as an object of the kind and completes it with the kind's defaults.
func (s *Server) Decode(served *Served, body []byte, w Write) (*unstructured.Unstructured, error) {
	obj, dropped, err := served.model.Decode(body, w.strict())
	if err != nil {
		return nil, err
	}
	if err := s.Accept(served, dropped, w); err != nil {
		return nil, err
	}
	served.model.Default(obj)
	return &unstructured.Unstructured{Object: obj}, nil
}

// Complete makes of a body that was read elsewhere what [Server.Decode] makes of one.
func (s *Server) Complete(served *Served, obj map[string]any, w Write) (*unstructured.Unstructured, error) {
	out, dropped, err := served.model.Canonical(obj, w.strict())
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if err := s.Accept(served, dropped, w); err != nil {
		return nil, err
	}
	served.model.Default(out)
	return &unstructured.Unstructured{Object: out}, nil
}

// jsonPatchOp is one operation of a JSON patch (RFC 6902).
type jsonPatchOp struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	From  string `json:"from"`
	Value any    `json:"value"`
}

func patchJSON(live []byte, patchType types.PatchType, data []byte, strict bool) ([]byte, []error, error) {
	if patchType == types.MergePatchType {
		return mergeJSON(live, data, strict)
	}
	var faults []error
	if strict {
		var probe []jsonPatchOp
		found, err := kjson.UnmarshalStrict(data, &probe)
		if err != nil {
			// The real server has its type in another package.
			message := strings.Replace(err.Error(), "[]apiserver.", "[]handlers.", 1)
			return nil, nil, apierrors.NewBadRequest("error decoding patch: " + message)
		}
		for _, f := range found {
			faults = append(faults, fmt.Errorf("json patch %w", f))
		}
	}
	patch, err := jsonpatch.DecodePatch(data)
	if err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	if len(patch) > maxPatchOperations {
		return nil, nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
			"The allowed maximum operations in a JSON patch is %d, got %d", maxPatchOperations, len(patch)))
	}
	out, err := patch.Apply(live)
	if err != nil {
		return nil, nil, apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
	}
	return out, faults, nil
}

func mergeJSON(live, data []byte, strict bool) ([]byte, []error, error) {
	var faults []error
	if strict {
		probe := map[string]any{}
		found, err := kjson.UnmarshalStrict(data, &probe)
		if err != nil {
			return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
		}
		faults = found
	}
	out, err := jsonpatch.MergePatch(live, data)
	if err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	return out, faults, nil
}

func strategicMerge(served *Served, live, data []byte, w Write) (map[string]any, error) {
	var faults []error
	patch := map[string]any{}
	var err error
	if w.strict() {
		faults, err = kjson.UnmarshalStrict(data, &patch)
	} else {
		err = kjson.UnmarshalCaseSensitivePreserveInts(data, &patch)
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	original := map[string]any{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(live, &original); err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	shown := fmt.Sprintf("%+v", patch)
	merged, err := served.model.StrategicMerge(original, patch)
	switch {
	case errors.Is(err, model.ErrNoStrategicMerge):
		return nil, unsupportedPatch(served)
	case errors.Is(err, mergepatch.ErrBadJSONDoc), errors.Is(err, mergepatch.ErrBadPatchFormatForPrimitiveList),
		errors.Is(err, mergepatch.ErrBadPatchFormatForRetainKeys), errors.Is(err, mergepatch.ErrBadPatchFormatForSetElementOrderList),
		errors.Is(err, mergepatch.ErrUnsupportedStrategicMergePatchFormat):
		return nil, apierrors.NewBadRequest(err.Error())
	case errors.Is(err, mergepatch.ErrNoListOfLists), mergepatch.IsConflict(err):
		return nil, apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
	case err != nil:
		return nil, applyError(err)
	}
	out, dropped, err := served.model.Canonical(merged, w.strict())
	if err != nil {
		return nil, badPatch(shown, err.Error())
	}
	return out, w.reportPatch(shown, append(faults, dropped...))
}

func unsupportedPatch(served *Served) error {
	return apierrors.NewGenericServerResponse(http.StatusUnsupportedMediaType, "patch", served.GVR.GroupResource(), "",
		"the body of the request was in an unknown format - accepted media types include: "+
			"application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml", 0, true)
}

// applyChange is a server-side apply (KEP-555).
func (s *Server) applyChange(served *Served, data []byte, force bool, w Write) (changeFunc, error) {
	if w.Manager == "" {
		return nil, apierrors.NewInternalError(errors.New("apply without a field manager"))
	}
	patch := &unstructured.Unstructured{}
	var err error
	if patch.Object, err = w.parseApply(data); err != nil {
		return nil, err
	}
	manager, err := served.manager(w.Subresource)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	again := false
	return func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		// What comes out may share parts with the patch, so that another try needs another one.
		if again {
			quiet := w
			quiet.Warn = nil
			if patch.Object, err = quiet.parseApply(data); err != nil {
				return nil, err
			}
		}
		again = true
		out, changed, err := manager.Apply(live, patch, w.Manager, force, s.time())
		if err != nil {
			return nil, applyError(err)
		}
		obj, err := typed(served, out)
		if err != nil && served.Custom == nil {
			err = fmt.Errorf("failed to convert new object (%s/%s; %[3]s) to proper version: unable to convert unstructured object to %[3]s: %[4]w",
				patch.GetNamespace(), patch.GetName(), served.GVK, err)
		}
		if err != nil {
			return nil, applyError(err)
		}
		if changed {
			served.settle(obj)
			served.model.Default(obj.Object)
		}
		return obj, nil
	}, nil
}

// parseApply reads the body of an apply, YAML of which JSON is a part. Keys that are there twice are refused or warned of as
// the request wishes; of those the last one holds.
func (w Write) parseApply(data []byte) (map[string]any, error) {
	if obj, ok := plain.Parse(data); ok {
		return obj, nil // JSON, and no key is there twice
	}
	var obj map[string]any
	duplicates, err := kjson.UnmarshalStrict(data, &obj)
	isJSON := err == nil && obj != nil
	if !isJSON {
		if obj, err = parseYAML(data); err != nil {
			return nil, err
		}
	}
	if !w.strict() || isJSON && len(duplicates) == 0 {
		return obj, nil
	}
	err = yaml.UnmarshalStrict(data, &map[string]any{})
	switch {
	case err == nil:
	case w.Validation == metav1.FieldValidationStrict:
		return nil, apierrors.NewBadRequest(fmt.Sprintf("error strict decoding patch: %v", err))
	default:
		for _, line := range repeatedKeys(err) {
			w.warn(line)
		}
	}
	return obj, nil
}

// repeatedKeys lists what the YAML reader found twice, a line for each; any other fault of it is one.
func repeatedKeys(fault error) []string {
	const begin = "yaml: unmarshal errors:\n"
	_, list, found := strings.Cut(fault.Error(), begin)
	if !found {
		return []string{fault.Error()}
	}
	lines := strings.Split(list, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// parseYAML reads the body of an apply that is not an object in JSON. The words are those of a server that turns it into JSON
// first, unless it begins like JSON.
func parseYAML(data []byte) (map[string]any, error) {
	if !bytes.HasPrefix(bytes.TrimLeftFunc(data, unicode.IsSpace), []byte("{")) {
		raw, err := yaml.YAMLToJSON(data)
		if err != nil {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("error encoding patch: %v", err))
		}
		data = raw
	}
	// The detour gives the fault the words of the YAML reader.
	if err := yaml.Unmarshal(data, &map[string]any{}); err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
	}
	raw, err := yaml.YAMLToJSON(data)
	obj := map[string]any{}
	if err == nil {
		err = kjson.UnmarshalCaseSensitivePreserveInts(raw, &obj)
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
	}
	if obj == nil {
		obj = map[string]any{}
	}
	return obj, nil
}

// applyError keeps errors that say their status; the real server answers 500 to the rest.
func applyError(err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return err
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: err.Error(),
	}}
}
