package check

import (
	"sync"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// structure is all that is known about structures of one model.
type structure struct {
	fields schema.ModelRules
	across func(obj map[string]any, at *field.Path) field.ErrorList
	// silent says that no rules across fields hold below.
	silent bool
	pod    bool
}

// structuresOf holds what [structureOf] has put together, by the name of the model.
var structuresOf sync.Map

// structureOf returns what is known about a model.
func structureOf(rules schema.Rules, model string) *structure {
	if known, ok := structuresOf.Load(model); ok {
		return known.(*structure)
	}
	out := &structure{fields: rules.Model(model), across: structures[model], silent: unchecked[model], pod: model == podModel}
	structuresOf.Store(model, out)
	return out
}
