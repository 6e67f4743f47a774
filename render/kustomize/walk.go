package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/internal/manifest"
	"github.com/setpoint-dev/setpoint/render/internal/tree"
)

// role is what a kustomization is used for.
type role int

const (
	base      role = iota // its objects
	component             // a component
	plugin                // configuration of generators and transformers
)

// target is a kustomization that was read.
type target struct {
	dir, file string
	k         types.Kustomization
	lines     lines
	data      []byte
	// builds counts the kustomizations that kustomize builds for this one, itself included, and made the objects that come together
	// in it.
	builds, made int
}

// visit is a look at a directory's fields, which means more in the role of a plugin.
type visit struct {
	dir    string
	plugin bool
}

// walker looks at everything that a kustomization reaches before kustomize does.
type walker struct {
	files  *fileSystem
	reader manifest.Reader
	opts   Options

	targets map[string]*target
	visited map[visit]bool
	stack   []string
	objects map[string][]manifest.Located // of each resource file
	secrets map[string]bool
	// alone is set when the process's schema changes.
	alone bool

	// faults end the rendering. suspects explain why kustomize failed, if it does.
	faults, suspects []error
	warnings         []render.Warning
}

func newWalker(files *fileSystem, opts Options) *walker {
	return &walker{
		files: files, opts: opts,
		targets: map[string]*target{}, visited: map[visit]bool{}, objects: map[string][]manifest.Located{}, secrets: map[string]bool{},
	}
}

// place is an entry of a kustomization.
type place struct {
	t *target
	// fields are the names that the entry's field goes by, the one for messages first.
	fields []string
	// text is the entry, and value the path in it.
	text, value string
}

func (p place) origin() cluster.Origin {
	return cluster.Origin{File: p.t.file, Line: p.t.lines.of(p.text, p.fields...)}
}

func (w *walker) fail(p place, format string, args ...any) {
	w.faults = append(w.faults, &render.Error{Origin: p.origin(), Err: fmt.Errorf(format, args...)})
}

// walk reads the kustomization that is rendered.
func (w *walker) walk(dir string) *target {
	real, err := w.files.tree.Resolve(dir)
	if err != nil {
		w.faults = append(w.faults, &render.Error{Origin: cluster.Origin{File: dir}, Err: pathless(err)})
		return nil
	}
	return w.enter(place{}, real, base)
}

// enter reads the kustomization of a directory, and all that it names.
func (w *walker) enter(from place, dir string, as role) *target {
	fail := func(err error) {
		origin := cluster.Origin{File: dir}
		if from.t != nil {
			origin = from.origin()
			err = fmt.Errorf("%s: %w", dir, err)
		}
		w.faults = append(w.faults, &render.Error{Origin: origin, Err: err})
	}
	for _, above := range w.stack {
		if above == dir || dir == "." || strings.HasPrefix(above, dir+"/") {
			fail(fmt.Errorf("kustomizations in a cycle: %s is used from %s, which is at or below it", dir, above))
			return nil
		}
	}
	t, seen := w.targets[dir]
	if !seen {
		t = &target{dir: dir, builds: 1}
		if err := w.load(t); err != nil {
			fail(err)
			return nil
		}
		w.targets[dir] = t
	}
	if t.file == "" {
		return nil
	}
	switch {
	case as == component && t.k.Kind != types.ComponentKind:
		fail(fmt.Errorf("listed under components, but its kind is %s and not Component", t.k.Kind))
	case as != component && t.k.Kind == types.ComponentKind && len(w.stack) > 0:
		fail(errors.New("its kind is Component; list it under components"))
	case as == plugin && !onlyResources(t.k):
		fail(fmt.Errorf("%w: a directory of generators, transformers or validators may have nothing but resources, so that their paths can be checked before they are used", render.ErrUnsupported))
	}
	if key := (visit{dir, as == plugin}); !w.visited[key] {
		w.visited[key] = true
		w.stack = append(w.stack, dir)
		t.builds, t.made = 1, 0
		w.fields(t, as)
		w.stack = w.stack[:len(w.stack)-1]
	}
	return t
}

// load reads and decodes the kustomization file of t.dir exactly as kustomize does.
func (w *walker) load(t *target) error {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		file := path.Join(t.dir, name)
		data, err := w.files.read(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return pathless(err)
		}
		if t.file != "" {
			return fmt.Errorf("more than one kustomization: %s and %s", t.file, file)
		}
		t.file, t.data = file, data
	}
	if t.file == "" {
		return fmt.Errorf("%w: the directory has no %s", render.ErrNoManifests, strings.Join(konfig.RecognizedKustomizationFileNames(), ", "))
	}
	t.lines = linesOf(t.data)
	file := t.file
	docs, errs := w.reader.DecodeYAML(file, t.data)
	if len(errs) > 0 {
		t.file = ""
		w.faults = append(w.faults, errs...)
		return nil
	}
	if len(docs) > 1 {
		w.warn(cluster.Origin{File: file, Line: docs[1].Line}, "kustomize reads only the first document of a kustomization")
	}
	if err := t.k.Unmarshal(t.data); err != nil {
		t.file = ""
		line := 0
		if m := unknownField.FindStringSubmatch(err.Error()); m != nil {
			line = t.lines.of("", m[1])
			if root := t.lines.root; line == 1 && root != nil {
				if n := find(root, m[1], 0); n != nil {
					line = n.Line
				}
			}
		}
		w.faults = append(w.faults, &render.Error{
			Origin: cluster.Origin{File: file, Line: line},
			Err:    fmt.Errorf("%w: %s", render.ErrSyntax, strings.TrimPrefix(err.Error(), "invalid Kustomization: ")),
		})
		return nil
	}
	w.deprecated(t)
	t.k.FixKustomization()
	at := cluster.Origin{File: file, Line: 1}
	if err := t.k.CheckEmpty(); err != nil {
		w.faults = append(w.faults, &render.Error{Origin: at, Err: fmt.Errorf("%w: the kustomization is empty", render.ErrNoManifests)})
	}
	if problems := t.k.EnforceFields(); len(problems) > 0 {
		at.Line = t.lines.of("", "kind", "apiVersion")
		w.faults = append(w.faults, &render.Error{Origin: at, Err: errors.New(strings.Join(problems, "; "))})
	}
	return nil
}

var unknownField = regexp.MustCompile(`unknown field "([^"]*)"`)

func (w *walker) warn(origin cluster.Origin, format string, args ...any) {
	w.warnings = append(w.warnings, render.Warning{Origin: origin, Message: fmt.Sprintf(format, args...)})
}

// deprecated warns of fields that kustomize has given up, before it moves them to where they belong now.
func (w *walker) deprecated(t *target) {
	for _, f := range []struct {
		used         bool
		old, instead string
	}{
		{t.k.Bases != nil, "bases", "resources"},
		{t.k.CommonLabels != nil, "commonLabels", "labels"},
		{t.k.ImageTags != nil, "imageTags", "images"},
		{t.k.PatchesJson6902 != nil, "patchesJson6902", "patches"},
		{t.k.PatchesStrategicMerge != nil, "patchesStrategicMerge", "patches"},
		{t.k.Vars != nil, "vars", "replacements"},
	} {
		if f.used {
			w.warn(cluster.Origin{File: t.file, Line: t.lines.of("", f.old)}, "%s is deprecated, use %s", f.old, f.instead)
		}
	}
}

// onlyResources reports whether a kustomization passes its resources on as they are.
func onlyResources(k types.Kustomization) bool {
	k.TypeMeta, k.MetaData, k.Resources = types.TypeMeta{}, nil, nil
	return k.CheckEmpty() != nil
}

// inTree returns the tree's name of a path that a kustomization names, or reports why there is none.
func (w *walker) inTree(p place) (string, bool) {
	switch {
	case p.value == "":
		w.fail(p, "%s has an empty path", p.fields[0])
	case remote(p.value):
		w.faults = append(w.faults, &render.Error{Origin: p.origin(), Err: refused(p.fields[0], p.value)})
	case path.IsAbs(p.value) || !fs.ValidPath(path.Join(p.t.dir, p.value)):
		w.fail(p, "%s: %s %w", p.fields[0], p.value, tree.ErrEscape)
	default:
		return path.Join(p.t.dir, p.value), true
	}
	return "", false
}

func refused(field, path string) error {
	return fmt.Errorf("%s: %s %w; copy it into the source, or join it as a source of its own", field, safe(path), render.ErrRemote)
}

// file reads a file that a kustomization names, or reports why it cannot.
func (w *walker) file(p place) (name string, data []byte, ok bool) {
	if name, ok = w.inTree(p); !ok {
		return "", nil, false
	}
	data, err := w.files.read(name)
	if err != nil {
		w.fail(p, "%s: %s: %w", p.fields[0], p.value, pathless(err))
		return "", nil, false
	}
	return name, data, w.allowed(p, name)
}

// allowed reports whether a file is where kustomize's load restriction wants it.
func (w *walker) allowed(p place, name string) bool {
	real, err := w.files.tree.Resolve(name)
	if err == nil && !w.opts.AllowOutside && p.t.dir != "." && !strings.HasPrefix(real, p.t.dir+"/") {
		w.fail(p, "%s: %s is not in or below %s; move it there, or set AllowOutside", p.fields[0], p.value, p.t.dir)
		return false
	}
	return err == nil
}

// pathless drops the path that an error of a file system carries: the place says it.
func pathless(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// count adds what an entry adds to the build of its kustomization. A few small files can stand for more than any memory holds, so
// this is known before kustomize runs.
func (w *walker) count(p place, builds, made int) {
	t := p.t
	if t.builds += builds; t.builds > w.opts.MaxBuilds {
		t.builds = w.opts.MaxBuilds
		w.failOnce(p, errTooManyBuilds, w.opts.MaxBuilds)
	}
	if t.made += made; t.made > w.opts.MaxObjects {
		t.made = w.opts.MaxObjects
		w.failOnce(p, errTooManyObjects, w.opts.MaxObjects)
	}
}

var (
	errTooManyBuilds  = errors.New("more kustomizations to build than MaxBuilds")
	errTooManyObjects = errors.New("more objects to build than MaxObjects")
)

func (w *walker) failOnce(p place, kind error, limit int) {
	if !slices.ContainsFunc(w.faults, func(err error) bool { return errors.Is(err, kind) }) {
		w.fail(p, "%s: %w: %w, which is %d", p.fields[0], render.ErrTooLarge, kind, limit)
	}
}
