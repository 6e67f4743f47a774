package schema

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	apischema "k8s.io/apimachinery/pkg/runtime/schema"
)

// Facts are what the API server does with objects of a kind and no document says, found by asking the server's own registries
// (internal/gen/kinds). Paths are names of fields, with "*" for the items of a list.
type Facts struct {
	Group, Kind, Version, Resource string
	Singular                       string   `json:",omitempty"`
	ShortNames, Categories         []string `json:",omitempty"`
	Namespaced                     bool     `json:",omitempty"`
	// Complete says that every fact was tried with a rich object. Of the others only what a small object shows is known.
	Complete bool `json:",omitempty"`
	// NewGeneration is metadata.generation of a new object, 0 for none. Generation lists the parts whose change moves it.
	NewGeneration int64      `json:",omitempty"`
	Generation    [][]string `json:",omitempty"`
	// Initial is the status of a new object, whatever its writer says; nil when the kind has none.
	Initial map[string]any `json:",omitempty"`
	// Keeps lists the parts of the status that an update of the object leaves as they are, StatusKeeps the parts of the object
	// that an update of the status does. Reset and StatusReset are what the server says that it takes from the ownership of such
	// a writer.
	Keeps, StatusKeeps, Reset, StatusReset [][]string `json:",omitempty"`
	// Allocated lists what the server fills in besides defaults.
	Allocated [][]string `json:",omitempty"`
	// CreateOnUpdate says that an update creates what is not there; Unconditional, that it needs no resourceVersion.
	CreateOnUpdate, Unconditional bool `json:",omitempty"`
	// Propagation is what becomes of dependents when a deletion does not say: Background, Orphan, or empty for a kind that takes
	// no part in garbage collection.
	Propagation string `json:",omitempty"`
	// ReturnsDeleted says that a deletion is answered with the object.
	ReturnsDeleted bool `json:",omitempty"`
	// Selectable are the fields for field selectors apart from metadata.name and metadata.namespace.
	Selectable []string `json:",omitempty"`
	// Frozen lists what an update may not change, by the state of the object: "base", or the name of a sample in
	// internal/gen/kinds.
	Frozen map[string][]Frozen `json:",omitempty"`
	// Untried are the places in the samples for which no second valid value was found, so that nothing is known of them.
	Untried []string `json:",omitempty"`
}

// Frozen is a part of an object that an update may not change.
type Frozen struct {
	Path []string
	// Except lists parts below Path that may change.
	Except [][]string `json:",omitempty"`
	// Once says that the part may be given a value where there was none.
	Once bool `json:",omitempty"`
	// Field is where the server says that the fault is, when that is not Path.
	Field string `json:",omitempty"`
	// Forbidden says that the fault is "Forbidden", else it is an "Invalid value"; Message is its text.
	Forbidden bool `json:",omitempty"`
	Message   string
}

//go:embed kinds.json.gz
var factsFile []byte

// FactsOf returns the facts of a kind, or false if none were probed. They are shared and must not be changed.
func FactsOf(group, kind string) (*Facts, bool) {
	f, ok := facts()[apischema.GroupKind{Group: group, Kind: kind}]
	return f, ok
}

var facts = sync.OnceValue(func() map[apischema.GroupKind]*Facts {
	var all []*Facts
	if err := json.Unmarshal(unpacked("kinds", factsFile), &all); err != nil {
		panic("schema: kinds: " + err.Error())
	}
	out := map[apischema.GroupKind]*Facts{}
	for _, f := range all {
		f.Initial, _ = integers(f.Initial).(map[string]any)
		out[apischema.GroupKind{Group: f.Group, Kind: f.Kind}] = f
	}
	return out
})

// AllFacts returns the facts of every kind that was probed, in no order. They are shared and must not be changed.
func AllFacts() []*Facts { return slices.Collect(maps.Values(facts())) }
