package celrules

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// The names that rules know values by.
const (
	selfName    = "self"
	oldSelfName = "oldSelf"
)

const (
	// callLimit is what one evaluation may cost, in CEL's units; kube-apiserver has the same limit.
	callLimit = 1_000_000
	// checkEvery is how many steps of a comprehension pass between two looks at the context.
	checkEvery = 100
	// maxMessage is how long an evaluated message may be, in bytes.
	maxMessage = 5 * 1024
)

// Compile prepares one rule of one node of a definition's schema. root says that node describes a whole object, that of the
// definition or one embedded in it: such rules may read apiVersion, kind, metadata.name and metadata.generateName whether or not
// the schema has them.
//
// transition says that the rule compares with oldSelf. eval evaluates it on a value of the node and the value it replaces, which
// is nil where there is none to compare with; a transition rule then holds, unless its optionalOldSelf asks to be
// evaluated. Where the rule refuses, ok is false and message that of its messageExpression, empty without one and when that yields
// nothing usable; the caller then takes the rule's message. An error of eval is a complete explanation of why the rule could not be
// decided, and counts as a refusal.
//
// An error of Compile says why the rule cannot be evaluated, in the words of kube-apiserver; what is wrong with the
// messageExpression is a [MessageError].
func Compile(node *apiextensionsv1.JSONSchemaProps, root bool, rule apiextensionsv1.ValidationRule) (
	transition bool, eval func(ctx context.Context, self, oldSelf any) (ok bool, message string, err error), err error,
) {
	if node == nil {
		return false, nil, errors.New("failed to convert to declType for CEL validation rules")
	}
	if root {
		node = withObjectMeta(node)
	}
	r := &compiled{rule: rule, node: node, optional: rule.OptionalOldSelf != nil && *rule.OptionalOldSelf}
	env, err := r.environment()
	if err != nil {
		return false, nil, err
	}
	if r.program, err = r.compile(env); err != nil {
		return false, nil, err
	}
	if rule.MessageExpression != "" {
		if r.message, err = compileMessage(env, rule.MessageExpression); err != nil {
			return false, nil, &MessageError{Err: err}
		}
	}
	return r.transition, r.eval, nil
}

// MessageError says that it is the messageExpression of a rule that cannot be evaluated.
type MessageError struct{ Err error }

func (e *MessageError) Error() string { return e.Err.Error() }

// InMessageExpression tells a server that does not know this package which field of the rule is wrong.
func (e *MessageError) InMessageExpression() bool { return true }

// Unwrap returns the cause.
func (e *MessageError) Unwrap() error { return e.Err }

// compiled is a rule that can be evaluated.
type compiled struct {
	rule       apiextensionsv1.ValidationRule
	node       *apiextensionsv1.JSONSchemaProps
	optional   bool // oldSelf is an optional value
	transition bool
	program    cel.Program
	message    cel.Program
}

// environment is the base one with the variables of the node.
func (r *compiled) environment() (*cel.Env, error) {
	base, err := base()
	if err != nil {
		return nil, err
	}
	d := declare(r.node, "selfType")
	if d == nil {
		return nil, errors.New("failed to convert to declType for CEL validation rules")
	}
	old := d.typ
	if r.optional {
		old = cel.OptionalType(old)
	}
	p := &provider{Provider: base.CELTypeProvider(), structs: map[string]*declared{}}
	p.add(d)
	return base.Extend(
		cel.CustomTypeProvider(p), cel.Variable(selfName, d.typ), cel.Variable(oldSelfName, old),
	)
}

func (r *compiled) compile(env *cel.Env) (cel.Program, error) {
	ast, issues := env.Compile(r.rule.Rule)
	if issues != nil && issues.Err() != nil {
		return nil, fmt.Errorf("compilation failed: %s", issues.String())
	}
	if ast.OutputType() != cel.BoolType {
		return nil, errors.New("cel expression must evaluate to a bool")
	}
	for _, reference := range ast.NativeRep().ReferenceMap() {
		r.transition = r.transition || reference.Name == oldSelfName
	}
	return program(env, ast)
}

func compileMessage(env *cel.Env, text string) (cel.Program, error) {
	ast, issues := env.Compile(text)
	if issues != nil && issues.Err() != nil {
		return nil, fmt.Errorf("messageExpression compilation failed: %s", issues.String())
	}
	if ast.OutputType() != cel.StringType {
		return nil, errors.New("messageExpression must evaluate to a string")
	}
	return program(env, ast)
}

func program(env *cel.Env, ast *cel.Ast) (cel.Program, error) {
	p, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost), cel.CostLimit(callLimit), cel.InterruptCheckFrequency(checkEvery))
	if err != nil {
		return nil, fmt.Errorf("program instantiation failed: %w", err)
	}
	return p, nil
}

func (r *compiled) eval(ctx context.Context, self, oldSelf any) (bool, string, error) {
	if self == nil || r.transition && oldSelf == nil && !r.optional {
		return true, "", nil
	}
	variables := map[string]any{selfName: value(self, r.node)}
	switch {
	case r.optional && oldSelf == nil:
		variables[oldSelfName] = types.OptionalNone
	case r.optional:
		variables[oldSelfName] = types.OptionalOf(value(oldSelf, r.node))
	case oldSelf != nil:
		variables[oldSelfName] = value(oldSelf, r.node)
	}
	result, _, err := r.program.ContextEval(ctx, variables)
	if err != nil {
		return false, "", r.explain(err)
	}
	if result == types.True {
		return true, "", nil
	}
	return false, r.say(ctx, variables), nil
}

// explain words a failed evaluation as kube-apiserver does.
func (r *compiled) explain(err error) error {
	text := strings.TrimSpace(r.rule.Rule)
	if r.rule.Message != "" {
		text = strings.TrimSpace(r.rule.Message)
	}
	switch {
	case strings.HasPrefix(err.Error(), "no such overload"):
		return fmt.Errorf("'%w': call arguments did not match a supported operator, function or macro signature for rule: %v", err, text)
	case strings.HasPrefix(err.Error(), "operation cancelled: actual cost limit exceeded"):
		return fmt.Errorf("'%w': no further validation rules will be run due to call cost exceeds limit for rule: %v", err, text)
	}
	return fmt.Errorf("%w evaluating rule: %v", err, text)
}

// say evaluates the messageExpression. What is no single line of text is none.
func (r *compiled) say(ctx context.Context, variables map[string]any) string {
	if r.message == nil {
		return ""
	}
	result, _, err := r.message.ContextEval(ctx, variables)
	if err != nil {
		return ""
	}
	text, _ := result.Value().(string)
	text = strings.TrimSpace(text)
	if len(text) > maxMessage || strings.Contains(text, "\n") {
		return ""
	}
	return text
}
