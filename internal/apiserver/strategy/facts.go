package strategy

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	tables "github.com/setpoint-dev/setpoint/internal/schema"
)

// inState says whether a rule that was found on objects in a state holds for an update of old to obj. It is called only for
// states other than that of every object, and for the base state of kinds that have others.
type inState = func(state string, path Path, obj, old map[string]any) bool

// base is the state that rules hold in when none is named.
const base = "base"

// complete are the rows with what was found by asking the server's own registries, which a row does not say again.
var complete = sync.OnceValue(func() map[schema.GroupKind]Row {
	out := map[schema.GroupKind]Row{}
	for kind, row := range rows {
		out[kind] = row
	}
	for _, f := range tables.AllFacts() {
		kind := schema.GroupKind{Group: f.Group, Kind: f.Kind}
		row := rows[kind]
		row.learn(f)
		if !selects[kind] {
			row.Fields = nil
		}
		out[kind] = row
	}
	return out
})

// selects are the kinds whose versions say what may be selected by; of others that is the name and the namespace, whatever
// the storage could tell (AddFieldLabelConversionFunc in pkg/apis).
var selects = map[schema.GroupKind]bool{
	kind("", "Pod"): true, kind("", "Node"): true, kind("", "ReplicationController"): true, kind("", "Event"): true,
	kind("", "Namespace"): true, kind("", "Secret"): true, kind("", "Service"): true, kind("batch", "Job"): true,
	kind("certificates.k8s.io", "CertificateSigningRequest"): true, kind("events.k8s.io", "Event"): true,
	kind("resource.k8s.io", "ResourceSlice"): true,
}

func (r *Row) learn(f *tables.Facts) {
	r.Generation, r.NewGeneration = paths(f.Generation), f.NewGeneration
	r.StatusKeeps = slices.DeleteFunc(paths(f.StatusReset), func(p Path) bool { return slices.Equal(p, spec[0]) })
	if r.Initial == nil {
		r.Initial = f.Initial
	}
	r.Conditional, r.CreateOnUpdate = !f.Unconditional, f.CreateOnUpdate
	r.Orphan, r.NoDependents = f.Propagation == "Orphan", f.Propagation == ""
	r.ReturnDeleted = f.ReturnsDeleted
	for _, name := range f.Selectable {
		r.Fields = append(r.Fields, strings.Split(name, "."))
	}
	for _, state := range []string{base, "sealed", "bound", "gated", "balancer", "indexed", "suspended"} {
		for _, found := range f.Frozen[state] {
			r.Frozen = append(r.Frozen, frozen(state, found, r.InState))
		}
	}
}

func frozen(state string, found tables.Frozen, holds inState) Frozen {
	path := Path(found.Path)
	f := Frozen{Path: path, Except: paths(found.Except), Once: found.Once, Report: where(found.Field)}
	if found.Forbidden {
		f.Forbidden = found.Message
	} else {
		f.Message = found.Message
	}
	switch {
	case holds != nil:
		f.When = func(obj, old map[string]any) bool { return holds(state, path, obj, old) }
	case state != base:
		f.When = func(_, _ map[string]any) bool { return false }
	}
	return f
}

func paths(of [][]string) []Path {
	out := make([]Path, len(of))
	for i, p := range of {
		out[i] = p
	}
	return out
}

// where reads the text of a field's path, nil for none.
func where(text string) *field.Path {
	if text == "" {
		return nil
	}
	var out *field.Path
	for _, part := range strings.Split(text, ".") {
		name, index, indexed := strings.Cut(part, "[")
		if out == nil {
			out = field.NewPath(name)
		} else {
			out = out.Child(name)
		}
		if n, err := strconv.Atoi(strings.TrimSuffix(index, "]")); indexed && err == nil {
			out = out.Index(n)
		}
	}
	return out
}
