package samples

import (
	"maps"
	"slices"
	"strings"

	smdschema "sigs.k8s.io/structured-merge-diff/v4/schema"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Lists returns the places that hold lists in objects of a kind, outside a status that has its own subresource, each with the
// type of the list: "atomic", "set", or "map" with its keys, as in "map of containerPort, protocol". What is below a structure
// that holds itself is listed once.
func Lists(kind *schema.Kind) map[string]string {
	w := listWalk{schema: kind.Type.Schema, status: statusOf(kind), types: map[string]string{}, on: map[string]bool{}}
	w.ref("", kind.Type.TypeRef)
	return w.types
}

// Listed returns the places of [Lists] where an object has a list with items.
func Listed(kind *schema.Kind, obj map[string]any) []string {
	places := map[string]bool{}
	listed(kind.Type.Schema, "", kind.Type.TypeRef, obj, places)
	return slices.Sorted(maps.Keys(places))
}

// listWalk goes over types.
type listWalk struct {
	schema *smdschema.Schema
	status string
	types  map[string]string
	// on holds the named types on the way.
	on map[string]bool
}

func (w listWalk) ref(place string, ref smdschema.TypeRef) {
	if name := ref.NamedType; name != nil {
		if w.on[*name] {
			return
		}
		w.on[*name] = true
		defer delete(w.on, *name)
	}
	atom, ok := w.schema.Resolve(ref)
	if !ok {
		return
	}
	switch {
	case atom.Map != nil:
		for _, f := range atom.Map.Fields {
			if at := strings.TrimPrefix(place+"."+f.Name, "."); at != w.status && at != "metadata.managedFields" {
				w.ref(at, f.Type)
			}
		}
		if len(atom.Map.Fields) == 0 {
			w.ref(place+"{}", atom.Map.ElementType)
		}
	case atom.List != nil:
		w.types[place] = typeOf(atom.List)
		w.ref(place+"[]", atom.List.ElementType)
	}
}

func typeOf(l *smdschema.List) string {
	switch {
	case l.ElementRelationship != smdschema.Associative:
		return "atomic"
	case len(l.Keys) == 0:
		return "set"
	}
	return "map of " + strings.Join(l.Keys, ", ")
}

func listed(s *smdschema.Schema, place string, ref smdschema.TypeRef, value any, places map[string]bool) {
	atom, ok := s.Resolve(ref)
	if !ok {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		if atom.Map == nil {
			return
		}
		for name, e := range v {
			if f, ok := atom.Map.FindField(name); ok {
				listed(s, strings.TrimPrefix(place+"."+name, "."), f.Type, e, places)
			} else {
				listed(s, place+"{}", atom.Map.ElementType, e, places)
			}
		}
	case []any:
		if atom.List == nil || len(v) == 0 {
			return
		}
		places[place] = true
		for _, e := range v {
			listed(s, place+"[]", atom.List.ElementType, e, places)
		}
	}
}
