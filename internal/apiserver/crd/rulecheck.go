package crd

import (
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// unevaluated is the next step for a definition whose rules nobody evaluates.
const unevaluated = "this server cannot evaluate CEL rules: set Options.Rules to a compiler of them, set Options.IgnoreRules to keep the rule unenforced, or remove it"

// ruleCheck compiles the rules of one schema of a definition to see whether they can be evaluated.
type ruleCheck struct {
	compile CompileRule // nil refuses every rule
	errs    field.ErrorList
}

// checkRules returns the faults of a schema's rules.
func checkRules(root *apiextensions.JSONSchemaProps, compile CompileRule, path *field.Path) field.ErrorList {
	props := &apiextensionsv1.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_apiextensions_JSONSchemaProps_To_v1_JSONSchemaProps(root, props, nil); err != nil {
		return field.ErrorList{field.InternalError(path, err)}
	}
	c := &ruleCheck{compile: compile}
	c.visit(props, path, true, nil)
	return c.errs
}

// visit checks the rules of a node after those below it. Torn is the list around the node whose items cannot be told from those
// before, nil if there is none.
func (c *ruleCheck) visit(s *apiextensionsv1.JSONSchemaProps, path *field.Path, root bool, torn *field.Path) {
	if a := s.AdditionalProperties; a != nil && a.Schema != nil {
		c.visit(a.Schema, path.Child("additionalProperties"), a.Schema.XEmbeddedResource, torn)
	}
	for _, name := range sortedKeys(s.Properties) {
		property := s.Properties[name]
		c.visit(&property, path.Child("properties").Key(name), property.XEmbeddedResource, torn)
	}
	if s.Items != nil && s.Items.Schema != nil {
		below := torn
		if below == nil && (s.XListType == nil || *s.XListType != "map") {
			below = path
		}
		c.visit(s.Items.Schema, path.Child("items"), s.Items.Schema.XEmbeddedResource, below)
	}
	for i, r := range s.XValidations {
		c.rule(s, r, path.Child("x-kubernetes-validations").Index(i), root, torn)
	}
	if c.compile != nil {
		return
	}
	for i := range s.AllOf { // compiled with the objects only, but not without a compiler
		c.visit(&s.AllOf[i], path.Child("allOf").Index(i), false, torn)
	}
}

func (c *ruleCheck) rule(s *apiextensionsv1.JSONSchemaProps, r apiextensionsv1.ValidationRule, path *field.Path, root bool, torn *field.Path) {
	if c.compile == nil {
		c.errs = append(c.errs, field.Forbidden(path.Child("rule"), unevaluated))
		return
	}
	transition, _, err := c.compile(s, root, r)
	switch {
	case err != nil && inMessage(err):
		c.errs = append(c.errs, field.Invalid(path.Child("messageExpression"), r, err.Error()))
	case err != nil:
		c.errs = append(c.errs, field.Invalid(path.Child("rule"), r, err.Error()))
	case transition && torn != nil:
		c.errs = append(c.errs, field.Invalid(path.Child("rule"), r.Rule,
			fmt.Sprintf("oldSelf cannot be used on the uncorrelatable portion of the schema within %v", torn)))
	case !transition && r.OptionalOldSelf != nil:
		c.errs = append(c.errs, field.Invalid(path.Child("optionalOldSelf"), *r.OptionalOldSelf, "may not be set if oldSelf is not used in rule"))
	}
}
