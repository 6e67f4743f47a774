package main

import (
	"encoding/json"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// field is one property of a structure, in the form that internal/schema reads.
type field struct {
	// Kind is the form of the value, or of the elements: struct, string, bool, int, float, quantity, milli, intstr, time,
	// microtime, duration, bytes or raw.
	Kind string `json:"k"`
	// Model names the structure.
	Model string `json:"m,omitempty"`
	// In is "list" or "map" when the property holds elements.
	In string `json:"i,omitempty"`
	// Pointer says that the type tells an empty value from an absent one.
	Pointer bool `json:"p,omitempty"`
	// Default is what the server puts in place of an absent value.
	Default any `json:"d,omitempty"`
}

// table holds the properties of each structure by its name in OpenAPI.
type table map[string]map[string]*field

func typeOf(obj runtime.Object) reflect.Type { return reflect.TypeOf(obj).Elem() }

// model returns the name of a type in OpenAPI, "" for one that has none.
func model(t reflect.Type) string {
	if n, ok := reflect.New(t).Interface().(interface{ OpenAPIModelName() string }); ok {
		return n.OpenAPIModelName()
	}
	return ""
}

func (t table) add(typ reflect.Type) string {
	name := model(typ)
	if name == "" {
		panic("no model name: " + typ.String())
	}
	if _, ok := t[name]; ok {
		return name
	}
	fields := map[string]*field{}
	t[name] = fields
	t.collect(typ, fields)
	return name
}

// collect adds the fields of a struct, those of embedded ones included.
func (t table) collect(typ reflect.Type, into map[string]*field) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, ok := jsonName(f)
		if !ok {
			continue
		}
		if name == "" {
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			t.collect(embedded, into)
			continue
		}
		into[name] = t.field(f.Type)
	}
}

// jsonName returns the name of a field in JSON; "" for one whose own fields are inlined; false for one that is not encoded.
func jsonName(f reflect.StructField) (string, bool) {
	tag, tagged := f.Tag.Lookup("json")
	if tag == "-" || (f.PkgPath != "" && !f.Anonymous) {
		return "", false
	}
	name, _, _ := strings.Cut(tag, ",")
	if name == "" && !f.Anonymous {
		if tagged {
			return f.Name, true
		}
		return f.Name, true
	}
	return name, true
}

var (
	quantityType  = reflect.TypeFor[resource.Quantity]()
	intstrType    = reflect.TypeFor[intstr.IntOrString]()
	timeType      = reflect.TypeFor[metav1.Time]()
	microTimeType = reflect.TypeFor[metav1.MicroTime]()
	durationType  = reflect.TypeFor[metav1.Duration]()
	marshaler     = reflect.TypeFor[json.Marshaler]()
)

func (t table) field(typ reflect.Type) *field {
	f := &field{}
	if typ.Kind() == reflect.Pointer {
		f.Pointer, typ = true, typ.Elem()
	}
	switch {
	case typ.Name() == "ResourceList":
		f.In, f.Kind = "map", "milli"
		return f
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Uint8 && !custom(typ):
		f.In, typ = "list", typ.Elem()
	case typ.Kind() == reflect.Map && !custom(typ):
		f.In, typ = "map", typ.Elem()
	}
	if f.In != "" && typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	f.Kind, f.Model = t.scalar(typ)
	return f
}

// custom says that a type encodes itself.
func custom(typ reflect.Type) bool {
	return typ.Implements(marshaler) || reflect.PointerTo(typ).Implements(marshaler)
}

func (t table) scalar(typ reflect.Type) (kind, model string) {
	switch typ {
	case quantityType:
		return "quantity", ""
	case intstrType:
		return "intstr", ""
	case timeType:
		return "time", ""
	case microTimeType:
		return "microtime", ""
	case durationType:
		return "duration", ""
	}
	if custom(typ) {
		return "raw", ""
	}
	switch typ.Kind() {
	case reflect.Struct:
		return "struct", t.add(typ)
	case reflect.String:
		return "string", ""
	case reflect.Bool:
		return "bool", ""
	case reflect.Int32:
		return "int32", ""
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "int", ""
	case reflect.Float32, reflect.Float64:
		return "float", ""
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.Uint8 {
			return "bytes", ""
		}
	}
	return "raw", ""
}
