package crd

import (
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// ruleTree is the part of a schema on the way to its rules.
type ruleTree struct {
	kind   string       // the type of the values
	values *spec.Schema // what they are compared by
	rules  []boundRule
	all    []*ruleTree // those of allOf, which say more about the same values
	fields map[string]*ruleTree
	others *ruleTree // values of fields without a tree of their own
	items  *ruleTree
}

// boundRule is a rule of a node, with what it compiled to or why it did not.
type boundRule struct {
	apiextensionsv1.ValidationRule
	transition bool
	eval       EvalRule
	fault      error
	path       string // where the rule's fieldPath leads, below the value
}

// newRuleTree compiles the rules of a schema; nil when it has none. Says holds the rules, spine the values that they are
// about: they differ inside allOf.
func newRuleTree(compile CompileRule, says, spine *apiextensionsv1.JSONSchemaProps, values *spec.Schema, root bool) *ruleTree {
	t := &ruleTree{kind: spine.Type, values: values, fields: map[string]*ruleTree{}}
	for _, r := range says.XValidations {
		if strings.TrimSpace(r.Rule) == "" {
			continue
		}
		bound := boundRule{ValidationRule: r}
		bound.transition, bound.eval, bound.fault = compile(spine, root, r)
		if path, err := followFieldPath(spine, r.FieldPath); err == nil && path != nil {
			bound.path = path.String()
		}
		t.rules = append(t.rules, bound)
	}
	for i := range says.AllOf {
		if sub := newRuleTree(compile, &says.AllOf[i], spine, values, root); sub != nil {
			t.all = append(t.all, sub)
		}
	}
	for name, inside := range says.Properties {
		property, ok := spine.Properties[name]
		if !ok {
			continue
		}
		if sub := newRuleTree(compile, &inside, &property, propertyOf(values, name), property.XEmbeddedResource); sub != nil {
			t.fields[name] = sub
		}
	}
	if a, b := says.AdditionalProperties, spine.AdditionalProperties; a != nil && a.Schema != nil && b != nil && b.Schema != nil {
		t.others = newRuleTree(compile, a.Schema, b.Schema, values.AdditionalProperties.Schema, b.Schema.XEmbeddedResource)
	}
	if a, b := says.Items, spine.Items; a != nil && a.Schema != nil && b != nil && b.Schema != nil {
		t.items = newRuleTree(compile, a.Schema, b.Schema, values.Items.Schema, b.Schema.XEmbeddedResource)
	}
	if len(t.rules) == 0 && len(t.all) == 0 && len(t.fields) == 0 && t.others == nil && t.items == nil {
		return nil
	}
	return t
}
