package kustomize

import (
	"errors"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/internal/manifest"
)

// fields looks at every field of a kustomization that names a path or holds YAML.
func (w *walker) fields(t *target, as role) {
	k := t.k
	at := func(value string, fields ...string) place { return place{t, fields, value, value} }

	for _, p := range k.Resources {
		w.resource(at(p, "resources", "bases"), as)
	}
	for _, p := range k.Components {
		if from := at(p, "components"); w.directory(from) {
			w.sub(from, component)
		}
	}
	for _, p := range k.Configurations {
		w.instructions(at(p, "configurations"))
	}
	for _, p := range k.Crds {
		w.instructions(at(p, "crds"))
	}
	if len(k.OpenAPI) > 0 || len(k.Crds) > 0 {
		w.alone = true
	}
	if p, ok := k.OpenAPI["path"]; ok {
		w.instructions(at(p, "openapi"))
	}
	for _, p := range k.PatchesStrategicMerge {
		from := at(string(p), "patchesStrategicMerge")
		if !remote(from.value) && w.inline(from) {
			continue
		}
		w.instructions(from)
	}
	patches := func(field string, list []types.Patch) {
		for _, p := range list {
			if p.Path != "" {
				w.instructions(at(p.Path, field))
			}
			if p.Patch != "" {
				w.inline(at(p.Patch, field))
			}
		}
	}
	patches("patches", k.Patches)
	patches("patchesJson6902", k.PatchesJson6902)
	for _, r := range k.Replacements {
		if r.Path != "" {
			w.instructions(at(r.Path, "replacements"))
		}
	}
	for _, g := range k.ConfigMapGenerator {
		w.sources("configMapGenerator", t, g.KvPairSources, false)
	}
	for _, g := range k.SecretGenerator {
		w.sources("secretGenerator", t, g.KvPairSources, true)
	}
	plugins := func(field string, entries []string) {
		for _, p := range entries {
			w.plugin(at(p, field))
		}
	}
	plugins("generators", k.Generators)
	plugins("transformers", k.Transformers)
	plugins("validators", k.Validators)
	if len(k.HelmCharts) > 0 || k.HelmGlobals != nil {
		from := at("", "helmCharts", "helmChartInflationGenerator", "helmGlobals")
		w.fail(from, "%w: kustomize would run the helm command for %s; render the chart with render/helm", render.ErrUnsupported, from.fields[0])
	}
}

// directory reports whether the path leads to a directory, and what is wrong when it does not.
func (w *walker) directory(p place) bool {
	name, ok := w.inTree(p)
	if !ok {
		return false
	}
	info, err := w.files.tree.Stat(name)
	switch {
	case err != nil:
		w.fail(p, "%s: %s: %w", p.fields[0], p.value, pathless(err))
	case !info.IsDir():
		w.fail(p, "%s: %s is a file, not a directory", p.fields[0], p.value)
	default:
		return true
	}
	return false
}

// sub enters the kustomization of a directory.
func (w *walker) sub(p place, as role) {
	name, ok := w.inTree(p)
	if !ok {
		return
	}
	dir, err := w.files.tree.Resolve(name)
	if err != nil {
		w.fail(p, "%s: %s: %w", p.fields[0], p.value, pathless(err))
		return
	}
	if used := w.enter(p, dir, as); used != nil {
		w.count(p, used.builds, used.made)
	}
}

// resource looks at an entry that is a file of objects or a directory with a kustomization.
func (w *walker) resource(p place, as role) {
	name, ok := w.inTree(p)
	if !ok {
		return
	}
	if info, err := w.files.tree.Stat(name); err == nil && info.IsDir() {
		if as == component {
			as = base
		}
		w.sub(p, as)
		return
	}
	name, data, ok := w.file(p)
	if !ok {
		return
	}
	if as == plugin {
		w.config(p, name, data)
		return
	}
	defer func() { w.count(p, 0, len(w.objects[name])) }()
	if _, seen := w.objects[name]; seen {
		return
	}
	docs, errs := w.reader.DecodeYAML(name, data)
	w.faults = append(w.faults, errs...)
	w.objects[name] = []manifest.Located{}
	for _, doc := range docs {
		w.secret(doc.Value)
		for _, l := range manifest.Objects(name, doc) {
			if l.Err != nil {
				w.suspects = append(w.suspects, l.Err)
			}
			if l.Object != nil {
				w.objects[name] = append(w.objects[name], l)
			}
		}
	}
}

// instructions looks at a YAML file that is applied to resources, such as a patch.
func (w *walker) instructions(p place) {
	name, data, ok := w.file(p)
	if !ok {
		return
	}
	docs, errs := w.reader.DecodeYAML(name, data)
	w.faults = append(w.faults, errs...)
	for _, doc := range docs {
		w.secret(doc.Value)
	}
}

// inline looks at YAML inside of a kustomization. It returns false when the text is a word, which may be a path.
func (w *walker) inline(p place) bool {
	docs, errs := w.reader.DecodeYAML(p.t.file, []byte(p.value))
	word := !strings.Contains(p.value, "\n")
	for _, doc := range docs {
		w.secret(doc.Value)
		if _, ok := doc.Value.(string); !ok {
			word = false
		}
	}
	if word {
		return false
	}
	for _, err := range errs {
		var e *render.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		w.fail(p, "%s: %w", p.fields[0], err)
	}
	return true
}

// sources looks at what a generator reads.
func (w *walker) sources(field string, t *target, from types.KvPairSources, secret bool) {
	read := func(value, file string) {
		_, data, ok := w.file(place{t, []string{field}, value, file})
		if !ok || !secret {
			return
		}
		w.hide(string(data))
		for line := range strings.Lines(string(data)) {
			_, value, _ := strings.Cut(line, "=")
			w.hide(line, value)
		}
	}
	for _, source := range from.FileSources {
		file := source
		if _, after, ok := strings.Cut(source, "="); ok {
			file = after
		}
		read(source, file)
	}
	for _, file := range from.EnvSources {
		read(file, file)
	}
	if secret {
		for _, literal := range from.LiteralSources {
			_, value, _ := strings.Cut(literal, "=")
			w.hide(literal, value, strings.Trim(value, `"'`))
		}
	}
}
