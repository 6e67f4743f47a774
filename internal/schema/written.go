package schema

// Written returns an object as a server shows it without what one that nobody has written anything to shows too: the nulls and
// the empty values of fields that are always encoded. obj is not changed; the result shares values with it.
func (k *Kind) Written(obj map[string]any) map[string]any {
	if k.origin != native {
		return obj
	}
	return table().written(k.model, obj)
}

func (t *modelTable) written(name string, obj map[string]any) map[string]any {
	m := t.model(name)
	out := make(map[string]any, len(obj))
	for field, v := range obj {
		if v == nil {
			continue
		}
		f := m[field]
		if f == nil || f.Pointer || f.In != "" {
			out[field] = v
			continue
		}
		inner, ok := v.(map[string]any)
		if ok && f.Kind == "struct" {
			if inner = t.written(f.Model, inner); len(inner) > 0 {
				out[field] = inner
			}
			continue
		}
		if !zero(f, v) {
			out[field] = v
		}
	}
	return out
}
