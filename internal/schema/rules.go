package schema

import (
	_ "embed"
	"encoding/json"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

//go:generate go -C ../gen run ./rules -out ../schema/rules.json.gz

//go:embed rules.json.gz
var rules []byte

// Rules are what a server checks of the values of one kind, besides what depends on several fields. They were learned from the
// answers of the server's own validation by internal/gen/rules.
type Rules struct {
	// Root names the model of the whole object.
	Root string `json:"root"`
	// Places holds rules that differ from those of the model, by path, such as "spec.template.spec.restartPolicy". A step
	// into a list is written "[]", one into the values of a map "{}".
	Places map[string]*FieldRules `json:"places"`
}

// ModelRules are the rules of one structure, in the order of the fields' names.
type ModelRules []*FieldRules

// FieldRules are the rules of one field.
type FieldRules struct {
	// Name is the field's name in JSON.
	Name string `json:"n,omitempty"`
	// Model names the structure that the field, or each of its elements, is.
	Model string `json:"m,omitempty"`
	// In is "list" or "map" when the field holds elements.
	In string `json:"i,omitempty"`
	// Value is about the field itself, Element about each element, Key about each key of a map.
	Value   *Rule `json:"v,omitempty"`
	Element *Rule `json:"e,omitempty"`
	Key     *Rule `json:"k,omitempty"`
	// Pointer says that the type tells an empty value from none.
	Pointer bool `json:"o,omitempty"`
	// When holds rules that depend on a field beside this one.
	When []When `json:"w,omitempty"`
	// Place says that some kind has a rule of its own for this field.
	Place bool `json:"p,omitempty"`
}

// When are rules that hold where another field of the same structure has a value.
type When struct {
	Field string      `json:"f"`
	Value string      `json:"v"`
	Rules *FieldRules `json:"r"`
}

// Rule is what is checked of one value.
type Rule struct {
	// Absent are the faults of no value, Empty those of an empty one where a type tells the two apart.
	Absent []Fault `json:"a,omitempty"`
	Empty  []Fault `json:"z,omitempty"`
	// Values lists the strings that are allowed; Refused is the fault of any other.
	Values  []string `json:"en,omitempty"`
	Refused *Fault   `json:"r,omitempty"`
	// Min and Max bound a number.
	Min *Bound `json:"min,omitempty"`
	Max *Bound `json:"max,omitempty"`
	// Formats names what a string must be, in the words of package check. At is where its faults are reported.
	Formats []string `json:"f,omitempty"`
	At      Place    `json:"at,omitempty"`
	// Unique is the fault of an element that was there before. By names the fields that tell elements apart, none the whole.
	Unique *Unique `json:"u,omitempty"`
}

// Fault is what is wrong with a value, in the words of [k8s.io/apimachinery/pkg/util/validation/field].
type Fault struct {
	Type   string `json:"t"`
	Detail string `json:"d,omitempty"`
	At     Place  `json:"w,omitempty"`
}

// Bound is the least or the greatest number that is allowed, and what is wrong with those beyond.
type Bound struct {
	Number int64   `json:"n"`
	Faults []Fault `json:"f"`
}

// Unique says what tells the elements of a list apart, and where a repeated one is reported: below the element, "" for itself.
type Unique struct {
	By []string `json:"b,omitempty"`
	At string   `json:"at,omitempty"`
}

// rulesTable is the form in which rules are kept: those of kinds and those of structures, each decoded when it is first asked
// for.
type rulesTable struct {
	kinds, models map[string][]byte
}

var ruleTable = sync.OnceValue(func() rulesTable {
	data := unpacked("rules", rules)
	return rulesTable{kinds: members("rules", data, "kinds"), models: members("rules", data, "models")}
})

// kindRules and modelRules hold what has been decoded.
var kindRules, modelRules sync.Map

// RulesOf returns the rules of a built-in kind, false for one whose values are not checked.
func RulesOf(kind schema.GroupVersionKind) (Rules, bool) {
	if known, ok := kindRules.Load(kind); ok {
		return known.(Rules), true
	}
	name := kind.GroupVersion().String() + "/" + kind.Kind
	raw, ok := ruleTable().kinds[name]
	if !ok {
		return Rules{}, false
	}
	var out Rules
	if err := json.Unmarshal(raw, &out); err != nil {
		panic("schema: rules of " + name + ": " + err.Error())
	}
	kindRules.Store(kind, out)
	return out, true
}

// Model returns the rules of a structure; none for one that has none. They are decoded when they are first asked for, so that a
// server that holds few kinds does not wait for all.
func (Rules) Model(name string) ModelRules {
	if known, ok := modelRules.Load(name); ok {
		return known.(ModelRules)
	}
	var out ModelRules
	if raw, ok := ruleTable().models[name]; ok {
		if err := json.Unmarshal(raw, &out); err != nil {
			panic("schema: rules of " + name + ": " + err.Error())
		}
	}
	modelRules.Store(name, out)
	return out
}
