package manifesttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// heldUp says whether the server refuses an object for what it was before: it would take the same object if there were
// none. A rehearsed create of a valid object whose name is taken answers that it exists, and of an invalid one what is
// wrong with it.
func (c *Cluster) heldUp(ctx context.Context, obj *unstructured.Unstructured, err error) bool {
	var invalid *cluster.InvalidError
	if !errors.As(err, &invalid) && !errors.Is(err, cluster.ErrForbidden) {
		return false
	}
	_, err = c.client.Create(ctx, obj, cluster.WriteOptions{Manager: Manager, DryRun: true})
	return errors.Is(err, cluster.ErrAlreadyExists)
}

// change is a field that two revisions of a manifest state differently. A missing value is nil.
type change struct {
	path     string
	steps    []any
	old, new any
}

// immutable returns the changes between two revisions of an object for which the server refused the second. The causes of
// the refusal say where to look. When they name a field that contains several changes, as a StatefulSet's do, each is
// rehearsed alone.
func (c *Cluster) immutable(ctx context.Context, old, new, live *unstructured.Unstructured, refusal error) []change {
	all := compare(old.Object, new.Object)
	suspects := all
	var invalid *cluster.InvalidError
	if errors.As(refusal, &invalid) {
		named := slices.DeleteFunc(slices.Clone(all), func(ch change) bool {
			return !slices.ContainsFunc(invalid.Causes, func(cause cluster.Cause) bool { return related(ch.path, cause.Field) })
		})
		if len(named) > 0 {
			suspects = named
		}
	}
	if len(suspects) > 1 {
		alone := slices.DeleteFunc(slices.Clone(suspects), func(ch change) bool { return !c.refuses(ctx, old, ch) })
		if len(alone) > 0 {
			suspects = alone
		}
	}
	for i, ch := range suspects {
		if ch.old == nil && live != nil {
			suspects[i].old, _ = at(live.Object, ch.steps)
		}
	}
	return suspects
}

// refuses rehearses the old revision with a single change of the new one.
func (c *Cluster) refuses(ctx context.Context, old *unstructured.Unstructured, ch change) bool {
	obj := old.DeepCopy()
	if !put(obj.Object, ch.steps, ch.new) {
		return false
	}
	_, err := c.client.Apply(ctx, obj, cluster.WriteOptions{Manager: Manager, DryRun: true})
	return err != nil && c.heldUp(ctx, obj, err)
}

// related says whether one of two paths contains the other.
func related(a, b string) bool {
	within := func(inner, outer string) bool {
		rest, ok := strings.CutPrefix(inner, outer)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	}
	return b != "" && (within(a, b) || within(b, a))
}

// compare returns the smallest fields that differ, in the order of their paths. Lists of different lengths are one field.
func compare(old, new map[string]any) []change {
	var out []change
	var walk func(path string, steps []any, a, b any)
	walk = func(path string, steps []any, a, b any) {
		if reflect.DeepEqual(a, b) {
			return
		}
		am, aok := a.(map[string]any)
		bm, bok := b.(map[string]any)
		if aok && bok {
			keys := maps.Clone(am)
			maps.Copy(keys, bm)
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				walk(join(path, key), append(slices.Clip(steps), key), am[key], bm[key])
			}
			return
		}
		al, aok := a.([]any)
		bl, bok := b.([]any)
		if aok && bok && len(al) == len(bl) {
			for i := range al {
				walk(fmt.Sprintf("%s[%d]", path, i), append(slices.Clip(steps), i), al[i], bl[i])
			}
			return
		}
		out = append(out, change{path, steps, a, b})
	}
	walk("", nil, old, new)
	return out
}

// join appends a key to a path in the notation of the server's causes.
func join(path, key string) string {
	if strings.ContainsAny(key, "./[]") {
		return path + "[" + key + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// at returns the value that steps lead to.
func at(v any, steps []any) (any, bool) {
	for _, step := range steps {
		switch s := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				return nil, false
			}
			if v, ok = m[s]; !ok {
				return nil, false
			}
		case int:
			l, ok := v.([]any)
			if !ok || s >= len(l) {
				return nil, false
			}
			v = l[s]
		}
	}
	return v, true
}

// put sets the value that steps lead to, or removes it when the value is nil. It returns false when there is no such place.
func put(root map[string]any, steps []any, value any) bool {
	parent, ok := at(root, steps[:len(steps)-1])
	if !ok {
		return false
	}
	switch last := steps[len(steps)-1].(type) {
	case string:
		m, ok := parent.(map[string]any)
		if !ok {
			return false
		}
		if value == nil {
			delete(m, last)
		} else {
			m[last] = value
		}
	case int:
		l, ok := parent.([]any)
		if !ok || last >= len(l) {
			return false
		}
		l[last] = value
	}
	return true
}

// text shows a value on one line, and the absence of one.
func text(v any) string {
	if v == nil {
		return "(none)"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const limit = 160
	if len(data) > limit {
		return strings.ToValidUTF8(string(data[:limit]), "") + "…"
	}
	return string(data)
}
