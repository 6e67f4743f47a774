package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// feature is one that is off by default, and without which a server drops fields unless the object had one of them before.
type feature struct {
	name   string
	fields []string
	// apart says that having one of the fields keeps that one only.
	apart bool
	// when limits the rule to some values; nil for every value.
	when func(value any) bool
}

// withheld are the features of v1.37.1 whose fields a server drops: those with "Default: false" in pkg/features that a function
// dropDisabled… or a PrepareFor… in pkg/api and pkg/registry asks for.
var withheld = []feature{
	{name: "AtomicWriteVolumeUserFields", fields: []string{
		core + "ConfigMapVolumeSource.defaultUser", core + "DownwardAPIVolumeSource.defaultUser", core + "ProjectedVolumeSource.defaultUser",
		core + "SecretVolumeSource.defaultUser", core + "KeyToPath.user", core + "DownwardAPIVolumeFile.user",
		core + "ServiceAccountTokenProjection.user", core + "ClusterTrustBundleProjection.user", core + "PodCertificateProjection.user",
	}},
	{name: "ContainerStopSignals", fields: []string{core + "Lifecycle.stopSignal"}},
	{name: "CoordinatedLeaderElection", apart: true, fields: []string{
		"io.k8s.api.coordination.v1.LeaseSpec.strategy", "io.k8s.api.coordination.v1.LeaseSpec.preferredHolder",
	}},
	{
		name: "CrossNamespaceVolumeDataSource", fields: []string{core + "PersistentVolumeClaimSpec.dataSourceRef"},
		when: func(value any) bool {
			ref, _ := value.(map[string]any)
			namespace, _ := ref["namespace"].(string)
			return namespace != ""
		},
	},
	{name: "EmptyDirVolumeMode", fields: []string{core + "EmptyDirVolumeSource.mode"}},
	{name: "EvictionRequestAPI", fields: []string{core + "PodSpec.evictionResponders"}},
	{name: "GRPCContainerProbeTLS", fields: []string{core + "GRPCAction.mode"}},
	{name: "GenericWorkload", fields: []string{core + "PodSpec.schedulingGroup"}},
	{name: "H2CContainerProbe", fields: []string{core + "HTTPGetAction.protocol"}},
	{name: "VolumeBindMountOptions", fields: []string{core + "VolumeMount.bindMountOptions"}},
	{name: "WorkloadWithJob", fields: []string{batch + "JobSpec.scheduling"}},
}

// withheldFields finds a feature by a field.
var withheldFields = sync.OnceValue(func() map[string]*feature {
	out := map[string]*feature{}
	for i, f := range withheld {
		for _, field := range f.fields {
			out[field] = &withheld[i]
		}
	}
	return out
})

// Withhold drops the fields from an object that a server keeps only with a feature that is off by default, unless the object
// that it takes the place of has them; that is nil for a new one. Both are as [Kind.Store] returns them; stored is changed
// in place. Whether a server has the feature on is not known, so there is a note for every field that went.
func (k *Kind) Withhold(before, stored map[string]any) []Note {
	if k.origin != native || !withheldIn(k.model, stored, k.HasStatus) {
		return nil
	}
	w := withholding{found: map[string]bool{}, skip: k.HasStatus}
	if before != nil {
		w.structure("", k.model, before)
		w.used, w.found = w.found, map[string]bool{}
	}
	w.drop = true
	w.structure("", k.model, stored)
	return w.notes
}

// withheldIn says whether an object of a structure has a field of a feature, apart from status if that is skipped. It is what is
// asked of every object, and few have one.
func withheldIn(model string, obj map[string]any, skip bool) bool {
	if !mayWithhold(model) {
		return false
	}
	fields, names := table().model(model), withheldNames()[model]
	for name, v := range obj {
		f := fields[name]
		if f == nil || skip && name == "status" {
			continue
		}
		if names[name] {
			return true
		}
		if f.Kind != "struct" || !mayWithhold(f.Model) {
			continue
		}
		found := false
		switch v := v.(type) {
		case map[string]any:
			if f.In != "map" {
				found = withheldIn(f.Model, v, false)
				break
			}
			for _, e := range v {
				inner, _ := e.(map[string]any)
				found = found || withheldIn(f.Model, inner, false)
			}
		case []any:
			for _, e := range v {
				inner, _ := e.(map[string]any)
				found = found || withheldIn(f.Model, inner, false)
			}
		}
		if found {
			return true
		}
	}
	return false
}

// withheldNames are the names of the fields of features by structure.
var withheldNames = sync.OnceValue(func() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for field := range withheldFields() {
		i := strings.LastIndexByte(field, '.')
		if out[field[:i]] == nil {
			out[field[:i]] = map[string]bool{}
		}
		out[field[:i]][field[i+1:]] = true
	}
	return out
})

// mayWithhold says whether a structure holds a field of a feature somewhere.
func mayWithhold(model string) bool {
	if known, ok := mayHold.Load(model); ok {
		return known.(bool)
	}
	held := holds(model, map[string]bool{})
	mayHold.Store(model, held)
	return held
}

var mayHold sync.Map

func holds(model string, seen map[string]bool) bool {
	if seen[model] {
		return false
	}
	seen[model] = true
	for name, f := range table().model(model) {
		if withheldFields()[model+"."+name] != nil || f.Kind == "struct" && holds(f.Model, seen) {
			return true
		}
	}
	return false
}

// withholding walks over an object twice: first to find which features the object before used, then to drop.
type withholding struct {
	// found and used hold features by name, or fields of those that are kept apart.
	found, used map[string]bool
	drop        bool
	skip        bool
	notes       []Note
}

func (w *withholding) structure(path, model string, obj map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(obj)) {
		if w.skip && path == "" && name == "status" {
			continue
		}
		f := table().model(model)[name]
		if f == nil {
			continue
		}
		at := path + "." + name
		if of := withheldFields()[model+"."+name]; of != nil {
			w.field(at, name, of, obj)
		}
		if f.Kind != "struct" || !mayWithhold(f.Model) {
			continue
		}
		w.below(at, f, obj, name)
		if f.Model == core+"Lifecycle" && w.drop && len(object(obj, name)) == 0 && strings.HasPrefix(w.last(), at+".") {
			delete(obj, name) // One that held nothing else goes too.
		}
	}
}

// last is where something was dropped last.
func (w *withholding) last() string {
	if len(w.notes) == 0 {
		return ""
	}
	return w.notes[len(w.notes)-1].Path
}

func (w *withholding) field(at, name string, of *feature, obj map[string]any) {
	key := of.name
	if of.apart {
		key += "." + name
	}
	if !w.drop {
		w.found[key] = true
		return
	}
	if w.used[key] || of.when != nil && !of.when(obj[name]) {
		return
	}
	delete(obj, name)
	w.notes = append(w.notes, Note{Path: at, Message: "the server keeps it only with the feature " + of.name + ", which is off by default"})
}

func (w *withholding) below(at string, f *form, obj map[string]any, name string) {
	switch v := obj[name].(type) {
	case []any:
		for i, e := range v {
			if inner, ok := e.(map[string]any); ok {
				w.structure(fmt.Sprintf("%s[%d]", at, i), f.Model, inner)
			}
		}
	case map[string]any:
		if f.In == "" {
			w.structure(at, f.Model, v)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if inner, ok := v[key].(map[string]any); ok {
				w.structure(at+"."+key, f.Model, inner)
			}
		}
	}
}
