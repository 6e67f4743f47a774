package diff

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// operation is one of RFC 6902.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// MarshalJSON keeps a value that is null, false or empty.
func (o operation) MarshalJSON() ([]byte, error) {
	if o.Op == "remove" {
		return json.Marshal(map[string]any{"op": o.Op, "path": o.Path})
	}
	return json.Marshal(map[string]any{"op": o.Op, "path": o.Path, "value": o.Value})
}

// JSONPatch returns what an apply would change as a JSON patch (RFC 6902) of the live object; for an object that is not there, one
// operation that adds it at the empty path. It is for reading: applied as a patch it would take fields over without recording
// whose wish that was, and in the place of the content of Secrets it has markers. The error is [ErrUnpredictable] when the result is
// not known. An empty list is "[]".
func (c *Comparison) JSONPatch() ([]byte, error) {
	if len(c.Changes) == 0 {
		return []byte("[]"), nil
	}
	before, after := c.sides()
	if after == nil {
		return nil, ErrUnpredictable
	}
	if before == nil {
		return json.Marshal([]operation{{Op: "add", Value: after}})
	}
	operations := []operation{}
	patchMap("", before, after, &operations)
	return json.Marshal(operations)
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

func patchMap(at string, before, after map[string]any, out *[]operation) {
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[key]; !ok {
			*out = append(*out, operation{Op: "remove", Path: at + "/" + escapePointer.Replace(key)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		path := at + "/" + escapePointer.Replace(key)
		old, ok := before[key]
		if !ok {
			*out = append(*out, operation{Op: "add", Path: path, Value: after[key]})
			continue
		}
		patchValue(path, old, after[key], out)
	}
}

func patchValue(at string, before, after any, out *[]operation) {
	if equal(before, after) {
		return
	}
	switch b := before.(type) {
	case map[string]any:
		if a, ok := after.(map[string]any); ok {
			patchMap(at, b, a, out)
			return
		}
	case []any:
		if a, ok := after.([]any); ok && patchList(at, b, a, out) {
			return
		}
	}
	*out = append(*out, operation{Op: "replace", Path: at, Value: after})
}

// patchList changes items in place and appends. It is false for lists that changed otherwise.
func patchList(at string, before, after []any, out *[]operation) bool {
	if len(after) < len(before) {
		return false
	}
	for i := range before {
		patchValue(at+"/"+strconv.Itoa(i), before[i], after[i], out)
	}
	for _, item := range after[len(before):] {
		*out = append(*out, operation{Op: "add", Path: at + "/-", Value: item})
	}
	return true
}
