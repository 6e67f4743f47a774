package wire

import "strings"

const (
	refsV3 = "#/components/schemas/"
	refsV2 = "#/definitions/"
)

// earlierSchema writes a schema of OpenAPI v3 in what v2 has: a reference stands alone, alternatives are left out, and a value
// that may be null, or that keeps what nobody described, has no type.
func earlierSchema(in map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range in {
		switch name {
		case "allOf":
			if all, ok := value.([]any); ok && len(all) == 1 {
				if ref, ok := all[0].(map[string]any)["$ref"].(string); ok {
					out["$ref"] = refsV2 + strings.TrimPrefix(ref, refsV3)
				}
			}
		case "$ref":
			ref, _ := value.(string)
			out["$ref"] = refsV2 + strings.TrimPrefix(ref, refsV3)
		case "anyOf", "oneOf", "not", "nullable", "default":
		case "properties":
			properties := map[string]any{}
			for key, property := range asMap(value) {
				properties[key] = earlierSchema(asMap(property))
			}
			out[name] = properties
		case "items", "additionalProperties":
			if schema, ok := value.(map[string]any); ok {
				value = earlierSchema(schema)
			}
			out[name] = value
		default:
			out[name] = value
		}
	}
	_, typed := in["type"]
	if in["oneOf"] != nil && !typed { // a quantity, or an integer or text: told as text
		out["type"] = "string"
	}
	loosen(in, out)
	return out
}

// loosen drops what v2 cannot say of a custom resource's values.
func loosen(in, out map[string]any) {
	keeps := in["x-kubernetes-preserve-unknown-fields"] == true
	if in["nullable"] == true || keeps {
		delete(out, "items")
		delete(out, "properties")
	}
	if in["nullable"] == true || keeps && in["type"] == "object" || in["type"] == "array" && out["items"] == nil {
		delete(out, "type")
	}
	required, _ := in["required"].([]any)
	if len(required) == 0 {
		return
	}
	var kept []any
	for _, name := range required {
		key, _ := name.(string)
		if asMap(asMap(in["properties"])[key])["nullable"] != true {
			kept = append(kept, name)
		}
	}
	if out["required"] = kept; kept == nil {
		delete(out, "required")
	}
}

func asMap(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

// earlierPath writes the operations on a path in the form of v2.
func earlierPath(in map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range in {
		switch value := value.(type) {
		case map[string]any:
			out[name] = earlierOperation(value)
		case []any:
			out[name] = earlierParameters(value)
		}
	}
	return out
}

func earlierOperation(in map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range in {
		switch name {
		case "parameters":
			list, _ := value.([]any)
			out[name] = earlierParameters(list)
		case "requestBody":
		case "responses":
			responses := map[string]any{}
			for code, response := range asMap(value) {
				responses[code] = map[string]any{"description": asMap(response)["description"]}
			}
			out[name] = responses
		default:
			out[name] = value
		}
	}
	return out
}

// earlierParameters gives parameters the type that v3 puts into a schema.
func earlierParameters(in []any) []any {
	out := make([]any, 0, len(in))
	for _, item := range in {
		parameter := map[string]any{}
		for name, value := range asMap(item) {
			if name != "schema" {
				parameter[name] = value
				continue
			}
			for key, inner := range asMap(value) {
				if key == "type" || key == "uniqueItems" || key == "format" {
					parameter[key] = inner
				}
			}
		}
		out = append(out, parameter)
	}
	return out
}
