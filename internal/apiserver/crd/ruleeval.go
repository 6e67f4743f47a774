package crd

import (
	"context"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// pair is a new value and what it replaces.
type pair struct {
	now, before any
	schema      *spec.Schema
	// known says that before is known to be the same value's; without, the value's fate is that of around.
	known  bool
	around *pair
}

// unchanged reports whether the value, or the nearest one around it that has a counterpart, is what it was.
func (p *pair) unchanged() bool {
	if p != nil && !p.known {
		p = p.around
	}
	return p != nil && p.before != nil && sameValue(p.schema, p.now, p.before)
}

// key goes on to a field. A change of apiVersion or kind cannot be seen, since both sides were converted to one version.
func (p *pair) key(name string) *pair {
	switch {
	case !p.known:
		return p
	case p.around == nil && (name == "apiVersion" || name == "kind"):
		return &pair{}
	}
	now, isMap := p.now.(map[string]any)
	before, wasMap := p.before.(map[string]any)
	value, has := now[name]
	old, had := before[name]
	schema := propertyOf(p.schema, name)
	return &pair{now: value, before: old, schema: schema, known: isMap && wasMap && has && had && schema != nil, around: p}
}

// index goes on to an item: those of list maps are told by their keys, all others by nothing.
func (p *pair) index(i int) *pair {
	if !p.known {
		return p
	}
	now, _ := p.now.([]any)
	before, _ := p.before.([]any)
	out := &pair{around: p}
	if keys := listMapKeys(p.schema); keys != nil && i < len(now) {
		if old, ok := itemLike(before, now[i], keys); ok {
			out.now, out.before, out.schema, out.known = now[i], old, p.schema.Items.Schema, true
		}
	}
	return out
}

// evaluate returns the causes for which the rules refuse obj; old is nil for a new object.
func (t *ruleTree) evaluate(obj, old map[string]any) field.ErrorList {
	if old == nil {
		return t.visit(nil, obj, nil, &pair{})
	}
	return t.visit(nil, obj, old, &pair{now: obj, before: old, schema: t.values, known: true})
}

func (t *ruleTree) visit(path *field.Path, value, old any, p *pair) field.ErrorList {
	if t == nil || value == nil {
		return nil
	}
	var errs field.ErrorList
	for _, rule := range t.rules {
		if err := t.hold(rule, path, value, old, p); err != nil {
			errs = append(errs, err)
		}
	}
	for _, sub := range t.all {
		// What allOf refuses is let pass by nothing but an unchanged value around it.
		errs = append(errs, sub.visit(path, value, old, &pair{around: p.around})...)
	}
	switch value := value.(type) {
	case []any:
		if t.items == nil {
			break
		}
		before, _ := old.([]any)
		keys := listMapKeys(t.values)
		for i, item := range value {
			var was any
			if keys != nil {
				was, _ = itemLike(before, item, keys)
			}
			errs = append(errs, t.items.visit(path.Index(i), item, was, p.index(i))...)
		}
	case map[string]any:
		before, _ := old.(map[string]any)
		for _, name := range sortedKeys(value) {
			if sub, ok := t.fields[name]; ok {
				errs = append(errs, sub.visit(path.Child(name), value[name], before[name], p.key(name))...)
			}
			if t.others != nil {
				errs = append(errs, t.others.visit(path.Key(name), value[name], before[name], p.key(name))...)
			}
		}
	}
	return errs
}

// hold evaluates one rule for a value and returns how it is broken. A rule that is not about change lets pass what was there
// before.
func (t *ruleTree) hold(rule boundRule, path *field.Path, value, old any, p *pair) *field.Error {
	if rule.fault != nil {
		return field.Invalid(path, t.kind, "rule compile error: "+rule.fault.Error())
	}
	if rule.transition && old == nil && (rule.OptionalOldSelf == nil || !*rule.OptionalOldSelf) {
		return nil
	}
	ok, message, err := rule.eval(context.Background(), value, old)
	switch {
	case err != nil:
		return field.Invalid(path, t.kind, err.Error())
	case ok || !rule.transition && p.unchanged():
		return nil
	}
	if rule.path != "" {
		path = path.Child(rule.path)
	}
	switch {
	case message != "":
	case rule.Message != "":
		message = strings.TrimSpace(rule.Message)
	default:
		message = "failed rule: " + strings.TrimSpace(rule.Rule)
	}
	if t.kind == "object" || t.kind == "array" {
		value = field.OmitValueType{}
	}
	return refusal(rule.Reason, path, value, message)
}

func refusal(reason *apiextensionsv1.FieldValueErrorReason, path *field.Path, value any, message string) *field.Error {
	if reason != nil {
		switch *reason {
		case apiextensionsv1.FieldValueForbidden:
			return field.Forbidden(path, message)
		case apiextensionsv1.FieldValueRequired:
			return field.Required(path, message)
		case apiextensionsv1.FieldValueDuplicate:
			return field.Duplicate(path, value)
		}
	}
	return field.Invalid(path, value, message)
}
