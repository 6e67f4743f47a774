package celrules

import (
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/ext"
)

// base is the environment of every rule, without variables: what kube-apiserver v1.37 gives to the rules of a definition that is
// written now, which is what the release before it knows too.
var base = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.HomogeneousAggregateLiterals(),
		cel.EagerlyValidateDeclarations(true),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.OptionalTypes(),
		cel.CostEstimatorOptions(checker.PresenceTestHasCost(false)),
		cel.ASTValidators(
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateRegexLiterals(),
			cel.ValidateHomogeneousAggregateLiterals(),
		),
		ext.Strings(ext.StringsVersion(2)),
		ext.Sets(),
		ext.TwoVarComprehensions(),
		ext.Lists(ext.ListsVersion(3)),
		functions(listFunctions), functions(regexFunctions), functions(urlFunctions), functions(quantityFunctions),
		functions(addressFunctions), functions(networkFunctions), functions(versionFunctions), functions(formatFunctions),
	)
})

// functions declares functions by name.
func functions(all map[string][]cel.FunctionOpt) cel.EnvOption {
	return func(env *cel.Env) (*cel.Env, error) {
		for name, overloads := range all {
			var err error
			if env, err = cel.Function(name, overloads...)(env); err != nil {
				return nil, err
			}
		}
		return env, nil
	}
}
