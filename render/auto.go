package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Tool is what a directory is written for.
type Tool string

const (
	// Helm: the directory is a chart.
	Helm Tool = "Helm"
	// Kustomize: the directory has a kustomization.
	Kustomize Tool = "kustomize"
	// Jsonnet: the directory has Jsonnet files.
	Jsonnet Tool = "Jsonnet"
	// Plain: anything else, to be read as YAML and JSON files.
	Plain Tool = "plain"
)

// Detect says which tool the directory at dir of fsys is for; an empty dir is the root. The rule is Argo CD's: Chart.yaml makes a
// chart, otherwise kustomization.yaml, kustomization.yml or Kustomization makes a kustomization, otherwise the files themselves are meant.
// Of those, Jsonnet is the answer when any of them ends in .jsonnet.
func Detect(fsys fs.FS, dir string) (Tool, error) {
	if dir = path.Clean(dir); !fs.ValidPath(dir) {
		return "", &Error{Origin: cluster.Origin{File: dir}, Err: errors.New("leads out of the source tree")}
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return "", &Error{Origin: cluster.Origin{File: dir}, Err: err}
	}
	tool := Plain
	for _, e := range entries {
		switch name := e.Name(); {
		case e.IsDir():
		case name == "Chart.yaml":
			return Helm, nil
		case slices.Contains(kustomizations, name):
			tool = Kustomize
		case tool == Plain && path.Ext(name) == ".jsonnet":
			tool = Jsonnet
		}
	}
	return tool, nil
}

var kustomizations = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// Auto is a renderer that looks at the directory and hands over to the renderer for what it finds there. See [Detect] for the
// rule. A tool whose field is nil is not there: a directory that needs it is [ErrUnsupported]. Auto is safe for concurrent use when its
// renderers are.
type Auto struct {
	Plain, Kustomize, Helm Renderer
	// Jsonnet gets directories in which Jsonnet files may lie beside YAML and JSON files; it has to read all of them, as Argo CD does.
	Jsonnet Renderer
}

var _ Renderer = Auto{}

// Render renders in.Path with the renderer of its tool and returns what that returns.
func (a Auto) Render(ctx context.Context, in Input) (*Result, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	tool, err := Detect(in.FS, in.Path)
	if err != nil {
		return nil, err
	}
	r := map[Tool]Renderer{Plain: a.Plain, Kustomize: a.Kustomize, Helm: a.Helm, Jsonnet: a.Jsonnet}[tool]
	if r == nil {
		return nil, &Error{
			Origin: cluster.Origin{File: path.Clean(in.Path)},
			Err:    fmt.Errorf("%w: the directory needs the %s renderer, and there is none; set the field of render.Auto", ErrUnsupported, tool),
		}
	}
	return r.Render(ctx, in)
}
