package diff

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/redact"
)

// changedMarker stands for content of a Secret that would change, on the side of what it would become.
const changedMarker = redacted + " changed"

// sides returns the object before and after an apply, as they may be shown: without bookkeeping, in one spelling, and without the
// content of Secrets. A side is nil where there is no object, and after is also nil where it is not known.
func (c *Comparison) sides() (before, after map[string]any) {
	var old, new *unstructured.Unstructured
	if c.before != nil {
		old = &unstructured.Unstructured{Object: visible(c.before())}
	}
	if c.predicted != nil {
		new = &unstructured.Unstructured{Object: visible(c.predicted())}
	}
	if old != nil && c.spell != nil {
		old.Object = visible(c.spell(old.Object))
	}
	mask := c.mask.Then(redact.Of(old, new)) // the set first, since a short text may begin a long one
	return hideSide(old, nil, mask), hideSide(new, old, mask)
}

// visible returns the parts of an object that people look at.
func visible(obj map[string]any) map[string]any {
	out := maps.Clone(obj)
	delete(out, "status")
	if m, ok := obj["metadata"].(map[string]any); ok {
		m = maps.Clone(m)
		for _, field := range bookkeeping {
			delete(m, field)
		}
		out["metadata"] = m
	}
	return out
}

// hideSide masks an object. With other, content that differs from the other's is marked as changed.
func hideSide(obj, other *unstructured.Unstructured, mask *redact.Mask) map[string]any {
	if obj == nil {
		return nil
	}
	out := maps.Clone(obj.Object)
	if redact.IsSecret(obj) {
		out, _ = hideAt(out, appliedRecord).(map[string]any)
		for _, field := range secretFields {
			content, ok := out[field].(map[string]any)
			if !ok {
				continue
			}
			var theirs map[string]any
			if other != nil {
				theirs, _ = other.Object[field].(map[string]any)
			}
			hidden := make(map[string]any, len(content))
			for k, v := range content {
				hidden[k] = redacted
				if was, ok := theirs[k]; ok && !equal(was, v) {
					hidden[k] = changedMarker
				}
			}
			out[field] = hidden
		}
	}
	masked, _ := mask.Value(out).(map[string]any)
	return masked
}

// order is that in which people write the fields of an object.
var order = []string{"apiVersion", "kind", "metadata"}

// ordered returns the keys of an object: the usual first ones, the rest by name.
func ordered(obj map[string]any) []string {
	return slices.SortedFunc(maps.Keys(obj), func(a, b string) int {
		i, j := slices.Index(order, a), slices.Index(order, b)
		switch {
		case i >= 0 && j >= 0:
			return i - j
		case i >= 0:
			return -1
		case j >= 0:
			return 1
		case a < b:
			return -1
		}
		return 1
	})
}
