package crd

import (
	"encoding/json"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	genericvalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// coercer reduces the metadata of embedded objects to the fields of ObjectMeta.
type coercer struct {
	drop    bool     // drop what is malformed instead of refusing it
	unknown []string // paths of what was removed
}

func (c *coercer) coerce(path *field.Path, x any, s *structuralschema.Structural) error {
	if s == nil {
		return nil
	}
	switch x := x.(type) {
	case map[string]any:
		if s.XEmbeddedResource {
			if err := c.object(path, x); err != nil {
				return err
			}
		}
		for _, name := range sortedKeys(x) {
			if below := childOf(s, name); below != nil {
				if err := c.coerce(fieldIn(s, path, name), x[name], below); err != nil {
					return err
				}
			}
		}
	case []any:
		for i, value := range x {
			if err := c.coerce(path.Index(i), value, s.Items); err != nil {
				return err
			}
		}
	}
	return nil
}

// object treats one embedded object.
func (c *coercer) object(path *field.Path, x map[string]any) error {
	for _, key := range []string{"apiVersion", "kind"} {
		value, found := x[key]
		if _, ok := value.(string); found && !ok {
			if !c.drop {
				return field.Invalid(path.Child(key), value, "must be a string")
			}
			delete(x, key)
		}
	}
	meta, found, unknown, err := objectMeta(x, path, c.drop)
	c.unknown = append(c.unknown, unknown...)
	if err != nil {
		return field.Invalid(path.Child("metadata"), x["metadata"], err.Error())
	}
	if found {
		x["metadata"] = meta
	}
	return nil
}

// objectMeta returns an object's metadata with the fields of ObjectMeta alone, and the paths of the others. What is malformed is
// an error, or dropped field by field.
func objectMeta(obj map[string]any, at *field.Path, drop bool) (meta map[string]any, found bool, unknown []string, err error) {
	raw, found := obj["metadata"]
	if !found {
		return nil, false, nil, nil
	}
	typed, unknown, err := decodeMeta(raw, at)
	if err != nil {
		fields, ok := raw.(map[string]any)
		if !drop || !ok {
			return nil, true, nil, err
		}
		sound := map[string]any{}
		for name, value := range fields {
			if _, _, err := decodeMeta(map[string]any{name: value}, at); err == nil {
				sound[name] = value
			}
		}
		if typed, unknown, err = decodeMeta(sound, at); err != nil {
			return nil, true, nil, err
		}
	}
	meta, err = runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, true, nil, err
	}
	if typed.CreationTimestamp.IsZero() {
		delete(meta, "creationTimestamp")
	}
	return meta, true, unknown, nil
}

func decodeMeta(raw any, at *field.Path) (*metav1.ObjectMeta, []string, error) {
	data, err := utiljson.Marshal(raw)
	if err != nil {
		return nil, nil, err
	}
	typed := &metav1.ObjectMeta{}
	strict, err := kjson.UnmarshalStrict(data, typed)
	if err != nil {
		// The standard decoder words the fault as the server does.
		if plain := json.Unmarshal(data, &metav1.ObjectMeta{}); plain != nil {
			err = plain
		}
		return nil, nil, err
	}
	var unknown []string
	for _, fault := range strict {
		if f, ok := fault.(kjson.FieldError); ok {
			unknown = append(unknown, at.Child("metadata").String()+"."+f.FieldPath())
		}
	}
	return typed, unknown, nil
}

// validateEmbedded holds embedded objects to having a type and valid metadata.
func validateEmbedded(at *field.Path, x any, s *structuralschema.Structural) field.ErrorList {
	if s == nil {
		return nil
	}
	var errs field.ErrorList
	switch x := x.(type) {
	case map[string]any:
		if s.XEmbeddedResource {
			errs = append(errs, validateObject(at, x)...)
		}
		for _, name := range sortedKeys(x) {
			if below := childOf(s, name); below != nil {
				errs = append(errs, validateEmbedded(fieldIn(s, at, name), x[name], below)...)
			}
		}
	case []any:
		for i, value := range x {
			errs = append(errs, validateEmbedded(at.Index(i), value, s.Items)...)
		}
	}
	return errs
}

func validateObject(at *field.Path, x map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, key := range []string{"apiVersion", "kind"} {
		value, found := x[key]
		text, ok := value.(string)
		switch {
		case !found:
			errs = append(errs, field.Required(at.Child(key), ""))
		case !ok:
			errs = append(errs, field.Invalid(at.Child(key), value, "must be a string"))
		case text == "":
			errs = append(errs, field.Invalid(at.Child(key), text, "must not be empty"))
		case key == "apiVersion":
			if _, err := schema.ParseGroupVersion(text); err != nil {
				errs = append(errs, field.Invalid(at.Child(key), text, err.Error()))
			}
		default:
			if faults := validation.IsDNS1035Label(strings.ToLower(text)); len(faults) > 0 {
				errs = append(errs, field.Invalid(at.Child(key), text, "may have mixed case, but should otherwise match: "+strings.Join(faults, ",")))
			}
		}
	}
	if _, found := x["metadata"]; !found {
		return errs
	}
	typed, _, err := decodeMeta(x["metadata"], at)
	if err != nil {
		return append(errs, field.Invalid(at.Child("metadata"), x["metadata"], err.Error()))
	}
	if typed.Name == "" {
		typed.Name = "unnamed" // an embedded object needs no name
	}
	return append(errs, genericvalidation.ValidateObjectMeta(typed, typed.Namespace != "", path.ValidatePathSegmentName, at.Child("metadata"))...)
}
