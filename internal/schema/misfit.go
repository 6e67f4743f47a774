package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// decode reads JSON that is found at path in an object. A value of the wrong type is told in the words of the object, not in
// those of the Go types that it is read into.
func decode(path string, data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var misfit *json.UnmarshalTypeError
	if errors.As(err, &misfit) {
		if misfit.Field != "" {
			path += "." + misfit.Field
		}
		got, _, _ := strings.Cut(misfit.Value, " ")
		return fmt.Errorf("%s: expected %s, got %s", path, wanted(misfit.Type), article(got))
	}
	if err == nil {
		return nil
	}
	// The types of OpenAPI decode themselves, with faults of a type that cannot be named here.
	if m := openAPIMisfit.FindStringSubmatch(err.Error()); m != nil {
		if m[3] != "" {
			path += strings.ReplaceAll(m[3], "/", ".")
		}
		if m[4] != "" {
			return fmt.Errorf("%s: expected %s", path, strings.NewReplacer("array", "list", "not '", "got a ", "'", "").Replace(m[4]))
		}
		return fmt.Errorf("%s: expected %s, got %s", path, openAPIWanted(m[2]), article(m[1]))
	}
	return fmt.Errorf("%s: %w", path, err)
}

// openAPIMisfit matches: the JSON type, the Go type, the JSON pointer, and what was expected where that is said. A program says
// either "cannot" or "unable to": the decoder chooses, so that nobody relies on it.
var openAPIMisfit = regexp.MustCompile(`^json: (?:cannot|unable to) unmarshal(?: JSON (\w+))? into Go (.*?)(?: within "([^"]*)")?(?:: expected (.*))?$`)

// wanted names what a Go type is read from.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Struct, reflect.Map:
		return "map"
	case reflect.Slice, reflect.Array:
		return "list"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	}
	return "number"
}

// openAPIWanted does the same for a type by its name.
func openAPIWanted(name string) string {
	name = strings.TrimPrefix(name, "*")
	switch {
	case strings.HasPrefix(name, "[]"):
		return "list"
	case name == "string":
		return "string"
	case name == "bool":
		return "boolean"
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "uint"), strings.HasPrefix(name, "float"):
		return "number"
	}
	return "map"
}

// article names what is there, which JSON calls so.
func article(kind string) string {
	switch kind {
	case "object":
		return "a map"
	case "array":
		return "a list"
	case "bool", "boolean":
		return "a boolean"
	case "null":
		return "null"
	}
	return "a " + kind
}
