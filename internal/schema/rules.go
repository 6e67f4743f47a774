package schema

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"io"
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
	Root string
	// Places holds rules that differ from those of the model, by path, such as "spec.template.spec.restartPolicy". A step
	// into a list is written "[]", one into the values of a map "{}".
	Places map[string]*FieldRules
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

// rulesFile is the form in which rules are kept.
type rulesFile struct {
	Kinds  map[string]kindRules       `json:"kinds"`
	Models map[string]json.RawMessage `json:"models"`
}

type kindRules struct {
	Root   string                 `json:"root"`
	Places map[string]*FieldRules `json:"places,omitempty"`
}

// ruleTable decodes the rules once, when the first object is checked. What was generated is part of the build, and a fault in
// it a broken build.
var ruleTable = sync.OnceValue(func() rulesFile {
	z, err := gzip.NewReader(bytes.NewReader(rules))
	if err != nil {
		panic("schema: rules: " + err.Error())
	}
	data, err := io.ReadAll(z)
	if err != nil {
		panic("schema: rules: " + err.Error())
	}
	var out rulesFile
	if err := json.Unmarshal(data, &out); err != nil {
		panic("schema: rules: " + err.Error())
	}
	return out
})

// RulesOf returns the rules of a built-in kind, false for one whose values are not checked.
func RulesOf(kind schema.GroupVersionKind) (Rules, bool) {
	t := ruleTable()
	k, ok := t.Kinds[kind.GroupVersion().String()+"/"+kind.Kind]
	if !ok {
		return Rules{}, false
	}
	return Rules(k), true
}

// modelRules holds what [Rules.Model] has decoded.
var modelRules sync.Map

// Model returns the rules of a structure; none for one that has none. They are decoded when they are first asked for, so that a
// server that holds few kinds does not wait for all.
func (Rules) Model(name string) ModelRules {
	if known, ok := modelRules.Load(name); ok {
		return known.(ModelRules)
	}
	var out ModelRules
	if raw, ok := ruleTable().Models[name]; ok {
		if err := json.Unmarshal(raw, &out); err != nil {
			panic("schema: rules of " + name + ": " + err.Error())
		}
	}
	modelRules.Store(name, out)
	return out
}
