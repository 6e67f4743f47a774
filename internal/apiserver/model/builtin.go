package model

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver/check"
	tables "github.com/setpoint-dev/setpoint/internal/schema"
)

// ErrNoStrategicMerge: the kind has no strategic merge, as custom resources have none.
var ErrNoStrategicMerge = errors.New("the kind has no strategic merge patch")

// builtin is the model of a kind with a Go type.
type builtin struct {
	kind     schema.GroupVersionKind
	goType   reflect.Type
	merge    strategicpatch.PatchMetaFromStruct
	native   string                  // the type's name in OpenAPI
	defaults func() *tables.Defaults // compiled when it is first asked for
	types    func() (managedfields.TypeConverter, error)
}

var _ Model = (*builtin)(nil)

// Builtin returns the model of a built-in kind, or false if there is no Go type for it. types gives the converter of the kind's
// group version; it is called on first use.
func Builtin(kind schema.GroupVersionKind, types func() (managedfields.TypeConverter, error)) (Model, bool) {
	goType, ok := Scheme().AllKnownTypes()[kind]
	if !ok {
		return nil, false
	}
	merge, err := strategicpatch.NewPatchMetaFromStruct(reflect.New(goType).Interface())
	if err != nil {
		return nil, false
	}
	b := &builtin{kind: kind, goType: goType, merge: merge, types: types}
	if named, ok := b.new().(interface{ OpenAPIModelName() string }); ok {
		b.native = named.OpenAPIModelName()
		b.defaults = sync.OnceValue(func() *tables.Defaults { return tables.DefaultsOf(b.native) })
	}
	return b, true
}

func (b *builtin) new() runtime.Object { return reflect.New(b.goType).Interface().(runtime.Object) }

func (b *builtin) Decode(body []byte, strict bool) (map[string]any, []error, error) {
	options := serializer.SerializerOptions{Yaml: !looksLikeJSON(body), Strict: strict}
	decoder := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, Scheme(), Scheme(), options)
	obj, actual, err := decoder.Decode(body, &b.kind, b.new())
	dropped, isStrict := runtime.AsStrictDecodingError(err)
	if err != nil && !isStrict {
		return nil, nil, b.decodeError(actual, body, err)
	}
	if actual != nil && actual.GroupVersion() != b.kind.GroupVersion() {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("the API version in the data (%s) does not match the expected API version (%s)",
			actual.GroupVersion(), b.kind.GroupVersion()))
	}
	if obj == nil || reflect.TypeOf(obj).Elem() != b.goType {
		return nil, nil, b.decodeError(actual, body, fmt.Errorf("converting (%s) to (%s): unknown conversion", describe(actual), b.kind.Kind))
	}
	out, err := b.fromTyped(obj)
	if err != nil {
		return nil, nil, b.decodeError(actual, body, err)
	}
	if !isStrict {
		return out, nil, nil
	}
	return out, dropped.Errors(), nil
}

func describe(kind *schema.GroupVersionKind) string {
	if kind == nil {
		return "unknown"
	}
	return kind.Kind
}

// DecodeError is a body that is not an object of the kind. It is a bad request in the words of the real server's handlers of
// whole objects; Cause is what the decoder said.
type DecodeError struct {
	*apierrors.StatusError
	Cause error
}

// Unwrap returns the Status.
func (e *DecodeError) Unwrap() error { return e.StatusError }

func (b *builtin) decodeError(actual *schema.GroupVersionKind, body []byte, err error) error {
	message := fmt.Sprintf("the object provided is unrecognized (must be of type %s): %v (%s)", b.kind.Kind, err, summary(body))
	if actual != nil && actual.Kind != "" {
		message = fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", actual.Kind, actual.Version, b.kind.Kind, err)
	}
	return &DecodeError{StatusError: apierrors.NewBadRequest(message), Cause: err}
}

// summary shows the beginning of a body that could not be read: as it is when it looks like JSON, else in hexadecimal.
func summary(body []byte) string {
	const shown = 30
	if len(body) == 0 {
		return "<empty>"
	}
	verb := "%x"
	if body[0] == '{' {
		verb = "%s"
	}
	if len(body) > shown {
		return fmt.Sprintf(verb+" ...", body[:shown])
	}
	return fmt.Sprintf(verb, body)
}

func looksLikeJSON(body []byte) bool {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c == '{'
	}
	return true // nothing at all is no YAML either
}

func (b *builtin) fromTyped(obj runtime.Object) (map[string]any, error) {
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, err
	}
	out["apiVersion"], out["kind"] = b.kind.GroupVersion().String(), b.kind.Kind
	if o, err := meta.Accessor(obj); err == nil && o.GetManagedFields() != nil && len(o.GetManagedFields()) == 0 {
		// An empty list, which the type would leave out, is a wish to forget who owns what.
		if m, ok := out["metadata"].(map[string]any); ok {
			m["managedFields"] = []any{}
		}
	}
	integers(out)
	return out, b.withEmpty(out, obj)
}

// isCanonical reports whether it is plain to see that obj is canonical.
func (b *builtin) isCanonical(obj map[string]any) bool {
	return obj["kind"] == b.kind.Kind && obj["apiVersion"] == b.kind.GroupVersion().String() && shapeOf(b.goType).holds(obj)
}

func (b *builtin) Canonical(obj map[string]any, strict bool) (map[string]any, []error, error) {
	if b.isCanonical(obj) {
		return obj, nil, nil
	}
	typed := b.new()
	err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj, typed, strict)
	dropped, isStrict := runtime.AsStrictDecodingError(err)
	if err != nil && !isStrict {
		return nil, nil, err
	}
	out, err := b.fromTyped(typed)
	if err != nil {
		return nil, nil, err
	}
	if !isStrict {
		return out, nil, nil
	}
	return out, dropped.Errors(), nil
}

func (b *builtin) Default(obj map[string]any) {
	if b.defaults != nil {
		b.defaults().Fill(obj)
	}
	tables.Converted(b.native, obj)
}

func (b *builtin) Validate(obj, old map[string]any, status bool) field.ErrorList {
	if status {
		return nil
	}
	return check.Object(b.kind, obj, old)
}

func (b *builtin) StrategicMerge(original, patch map[string]any) (map[string]any, error) {
	return strategicpatch.StrategicMergeMapPatchUsingLookupPatchMeta(original, patch, b.merge)
}

func (b *builtin) Converter() (managedfields.TypeConverter, error) { return b.types() }

// Typed returns obj as the Go type of its kind, for encodings that need one. It fails for kinds without a Go type.
func Typed(kind schema.GroupVersionKind, obj map[string]any) (runtime.Object, error) {
	typed, err := Scheme().New(kind)
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj, typed); err != nil {
		return nil, fmt.Errorf("read %s as its Go type: %w", kind.Kind, err)
	}
	return typed, nil
}

// Untyped returns a typed object as a map.
func Untyped(obj runtime.Object) (map[string]any, error) {
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil, err
	}
	if kinds, _, err := Scheme().ObjectKinds(obj); err == nil {
		out["apiVersion"], out["kind"] = kinds[0].ToAPIVersionAndKind()
	}
	return out, nil
}
