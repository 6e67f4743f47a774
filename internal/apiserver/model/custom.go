package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
)

// custom is the model of one version of a custom resource.
type custom struct {
	kind    schema.GroupVersionKind
	version *crd.Version
	types   func() (managedfields.TypeConverter, error)
}

var _ Model = (*custom)(nil)

// Custom returns the model of a custom resource at one version. types is called on first use.
func Custom(kind schema.GroupVersionKind, version *crd.Version, types func() (managedfields.TypeConverter, error)) Model {
	return &custom{kind: kind, version: version, types: types}
}

func (c *custom) Decode(body []byte, strict bool) (map[string]any, []error, error) {
	obj, dropped, err := parse(body, strict)
	if err != nil {
		// The first look of a real server is for what it is.
		var look struct {
			APIVersion string `json:"apiVersion,omitempty"`
			Kind       string `json:"kind,omitempty"`
		}
		if fault := kjson.UnmarshalCaseSensitivePreserveInts(body, &look); fault != nil {
			err = fault
		}
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf(
			"the object provided is unrecognized (must be of type %s): couldn't get version/kind; json parse error: %v (%s)", c.kind.Kind, err, summary(body)))
	}
	if v, ok := obj["apiVersion"]; !ok || v == "" {
		obj["apiVersion"] = c.kind.GroupVersion().String()
	}
	if v, ok := obj["kind"]; !ok || v == "" {
		obj["kind"] = c.kind.Kind
	}
	if v, _ := obj["apiVersion"].(string); v != c.kind.GroupVersion().String() {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("the API version in the data (%s) does not match the expected API version (%s)",
			v, c.kind.GroupVersion()))
	}
	unknown, err := c.version.Decode(obj)
	var status apierrors.APIStatus
	switch {
	case errors.As(err, &status):
		return nil, nil, err
	case err != nil:
		kind, _ := obj["kind"].(string)
		return nil, nil, &DecodeError{Cause: err, StatusError: apierrors.NewBadRequest(fmt.Sprintf(
			"%s in version %q cannot be handled as a %s: %v", kind, c.kind.Version, c.kind.Kind, err))}
	}
	if obj["kind"] != c.kind.Kind {
		unknown = nil // An object of another kind is refused for that; nobody looks for its fields.
	}
	return obj, append(dropped, unknownFields(unknown, strict)...), nil
}

// parse reads JSON or YAML into a map. Duplicate keys are faults that strict reports; the last one holds.
func parse(body []byte, strict bool) (map[string]any, []error, error) {
	var dropped []error
	if !looksLikeJSON(body) {
		if strict {
			var probe any
			if err := yaml.UnmarshalStrict(body, &probe); err != nil {
				for _, line := range strings.Split(err.Error(), "\n") {
					if strings.Contains(line, "already set in map") {
						dropped = append(dropped, fmt.Errorf("%s", strings.TrimSpace(line)))
					}
				}
			}
		}
		converted, err := yaml.YAMLToJSON(body)
		if err != nil {
			return nil, nil, err
		}
		body = converted
	}
	obj := map[string]any{}
	if !strict {
		if err := kjson.UnmarshalCaseSensitivePreserveInts(body, &obj); err != nil {
			return nil, nil, err
		}
	} else {
		faults, err := kjson.UnmarshalStrict(body, &obj)
		if err != nil {
			return nil, nil, err
		}
		dropped = append(dropped, faults...)
	}
	if obj == nil {
		return nil, nil, fmt.Errorf("unexpected end of JSON input")
	}
	return obj, dropped, nil
}

// badRequest keeps an error that already says its status.
func badRequest(err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return err
	}
	return apierrors.NewBadRequest(err.Error())
}

func unknownFields(paths []string, strict bool) []error {
	if !strict {
		return nil
	}
	out := make([]error, len(paths))
	for i, p := range paths {
		out[i] = fmt.Errorf("unknown field %q", p)
	}
	return out
}

func (c *custom) Canonical(obj map[string]any, strict bool) (map[string]any, []error, error) {
	raw, err := json.Marshal(obj)
	if err != nil {
		return nil, nil, err
	}
	out, _, err := parse(raw, false)
	if err != nil {
		return nil, nil, err
	}
	unknown, err := c.version.Decode(out)
	if err != nil {
		return nil, nil, badRequest(err)
	}
	return out, unknownFields(unknown, strict), nil
}

func (c *custom) Default(obj map[string]any) { c.version.Default(obj) }

func (c *custom) Validate(obj, old map[string]any, status bool) field.ErrorList {
	switch {
	case old == nil:
		return c.version.Validate(obj)
	case status:
		return c.version.ValidateStatus(obj, old)
	}
	return c.version.ValidateUpdate(obj, old)
}

func (c *custom) StrategicMerge(_, _ map[string]any) (map[string]any, error) {
	return nil, ErrNoStrategicMerge
}

func (c *custom) Converter() (managedfields.TypeConverter, error) { return c.types() }
