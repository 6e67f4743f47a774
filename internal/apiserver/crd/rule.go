package crd

import (
	"context"
	"errors"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// CompileRule prepares one rule, an entry of x-kubernetes-validations, for the values of one node of a schema. Root says that the
// values are whole objects. Transition says that the rule compares with the value before. Eval evaluates it for a
// value; oldSelf is nil without a value before. When the rule does not hold, message is what its messageExpression says, empty
// when it says nothing; err is a complete account of why it cannot be decided.
//
// An error that has a method InMessageExpression() bool which returns true blames the messageExpression. The walk over
// objects, what correlates with what in the object before, ratcheting, reasons and paths are this package's part.
type CompileRule func(node *apiextensionsv1.JSONSchemaProps, root bool, rule apiextensionsv1.ValidationRule) (transition bool, eval EvalRule, err error)

// EvalRule evaluates a compiled rule. See [CompileRule].
type EvalRule = func(ctx context.Context, self, oldSelf any) (ok bool, message string, err error)

// inMessage reports whether an error of a compiler is about the messageExpression.
func inMessage(err error) bool {
	var about interface{ InMessageExpression() bool }
	return errors.As(err, &about) && about.InMessageExpression()
}
