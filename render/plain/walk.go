package plain

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/internal/manifest"
	"github.com/setpoint-dev/setpoint/render/internal/tree"
)

// walk is one rendering.
type walk struct {
	opts    Options
	tree    *tree.Tree
	reader  manifest.Reader
	collect manifest.Collector
	files   int
	unread  []string
	opened  map[string]bool
}

// nothing says why there is no object.
func (w *walk) nothing() error {
	if len(w.unread) > 0 {
		return fmt.Errorf("%w: they are in subdirectories (%s), which are read with Recurse", render.ErrNoManifests, strings.Join(w.unread, ", "))
	}
	if w.files > 0 {
		return fmt.Errorf("%w: none of the directory's %d files holds an object", render.ErrNoManifests, w.files)
	}
	return fmt.Errorf("%w: no file ends in .yaml, .yml or .json", render.ErrNoManifests)
}

// dir reads a directory. The error is one that ends the rendering; all others are collected.
func (w *walk) dir(dir string) error {
	real, err := w.tree.Resolve(dir)
	if err != nil {
		return w.fault(dir, err)
	}
	if w.opened[real] {
		// A symbolic link led back to a directory that was read, or is being read.
		w.collect.Warn(cluster.Origin{File: dir}, "links to %s, which is read already", real)
		return nil
	}
	if w.opened == nil {
		w.opened = map[string]bool{}
	}
	w.opened[real] = true
	entries, err := w.tree.ReadDir(dir)
	if err != nil {
		return w.fault(dir, err)
	}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		isDir := entry.IsDir()
		if entry.Type()&fs.ModeSymlink != 0 {
			info, err := w.tree.Stat(name)
			if err != nil {
				if manifestName(name) || w.tree.Ended() != nil {
					if err := w.fault(name, err); err != nil {
						return err
					}
				}
				continue // a link that leads nowhere and that no manifest hides behind
			}
			isDir = info.IsDir()
		}
		switch {
		case isDir && w.opts.Recurse:
			err = w.dir(name)
		case isDir:
			err = w.unreadDir(name)
		case manifestName(name):
			err = w.file(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func manifestName(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// unreadDir notes a subdirectory that would add objects if it were read.
func (w *walk) unreadDir(dir string) error {
	entries, err := w.tree.ReadDir(dir)
	if err != nil {
		return w.fault(dir, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !e.IsDir() && manifestName(e.Name()) {
			w.unread = append(w.unread, dir)
			w.collect.Warn(cluster.Origin{File: dir}, "subdirectory with manifests is not read; set Recurse to include it")
			break
		}
	}
	return nil
}

// fault collects what is wrong with a file or directory. It returns an error when nothing can be read any more.
func (w *walk) fault(name string, err error) error {
	if cause := w.tree.Ended(); cause != nil {
		return cause
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	w.collect.Fault(&render.Error{Origin: cluster.Origin{File: name}, Err: err})
	return nil
}

// skipMark is Argo CD's comment for files that are no manifests.
var skipMark = []byte("+argocd:skip-file-rendering")

func (w *walk) file(name string) error {
	if w.files++; w.files > w.opts.MaxFiles {
		return &render.Error{Origin: cluster.Origin{File: name}, Err: fmt.Errorf("%w: more than %d files; raise MaxFiles or render a subdirectory", render.ErrTooLarge, w.opts.MaxFiles)}
	}
	data, err := w.tree.ReadFile(name)
	if err != nil {
		return w.fault(name, err)
	}
	if bytes.Contains(data, skipMark) {
		w.collect.Warn(cluster.Origin{File: name}, "skipped: the file says %s", skipMark)
		return nil
	}
	if kustomizationName(name) {
		w.collect.Warn(cluster.Origin{File: name}, "skipped: a kustomization is not a manifest; render the directory with render/kustomize")
		return nil
	}
	docs, faults := w.reader.Decode(name, data)
	for _, doc := range docs {
		if isKustomization(doc.Value) {
			w.collect.Warn(cluster.Origin{File: name, Document: doc.Number, Line: doc.Line}, "skipped: a kustomization is not a manifest")
			continue
		}
		for _, l := range manifest.Objects(name, doc) {
			if l.Err != nil {
				faults = append(faults, l.Err)
				continue
			}
			w.collect.Add(l)
		}
	}
	slices.SortStableFunc(faults, func(a, b error) int { return cmp.Compare(line(a), line(b)) })
	w.collect.Fault(faults...)
	return nil
}

func line(err error) int {
	var e *render.Error
	if errors.As(err, &e) {
		return e.Origin.Line
	}
	return 0
}

func kustomizationName(name string) bool {
	switch path.Base(name) {
	case "kustomization.yaml", "kustomization.yml":
		return true
	}
	return false
}

// isKustomization reports whether a document is one of kustomize's own kinds.
func isKustomization(value any) bool {
	m, _ := value.(map[string]any)
	apiVersion, _ := m["apiVersion"].(string)
	kind, _ := m["kind"].(string)
	gv, err := schema.ParseGroupVersion(apiVersion)
	return err == nil && gv.Group == "kustomize.config.k8s.io" && (kind == "Kustomization" || kind == "Component")
}
