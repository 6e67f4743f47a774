package memory

import (
	"context"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// CompileRule prepares one rule of a CustomResourceDefinition, an entry of x-kubernetes-validations in CEL
// (https://kubernetes.io/docs/reference/using-api/cel/). It is a function that the user of a server brings, so that a program
// which needs no rules does not carry an implementation of CEL. The server walks over the objects and knows everything
// but the language: which value of the object before corresponds to which, when a rule about change applies, what an
// unchanged value is forgiven (KEP-4008), and how message, reason and fieldPath word a refusal.
//
// Node is the schema of the values that the rule is about, without what is around it; root says that they are whole objects, the
// custom resource or one embedded in it, whose rules may use apiVersion, kind, metadata.name and metadata.generateName
// whether the schema has them or not. Neither is kept or changed. Transition says that the rule uses oldSelf.
//
// Eval evaluates the rule. Self and oldSelf are plain JSON values: maps, slices, strings, int64, float64 and bool; oldSelf is
// nil when there is no value before. Unless the rule has optionalOldSelf, a rule that is a transition is then not evaluated.
// If the rule does not hold, message is the value of its messageExpression, or empty when it has none or it failed. Err says all of
// why the rule could not be decided; the write is then refused with that text.
//
// An error of CompileRule refuses the definition with that text. If it has a method InMessageExpression() bool that returns true,
// the messageExpression is to blame instead of the rule. CompileRule is called when a definition is written, and again
// before the first object of its kind is validated. Both functions must be safe for concurrent use.
type CompileRule func(node *apiextensionsv1.JSONSchemaProps, root bool, rule apiextensionsv1.ValidationRule) (
	transition bool, eval func(ctx context.Context, self, oldSelf any) (ok bool, message string, err error), err error)
