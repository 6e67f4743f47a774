package kustomize

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/internal/manifest"
	"github.com/setpoint-dev/setpoint/render/internal/tree"
)

// Options adjust a [Renderer].
type Options struct {
	// AllowOutside lets kustomizations name files anywhere in the source tree. The default is kustomize's own: files must be in or below the
	// kustomization's directory. (On the command line: --load-restrictor LoadRestrictionsNone.)
	AllowOutside bool
	// MaxFileBytes bounds the size of a file; zero means 16 MiB.
	MaxFileBytes int64
	// MaxBytes bounds the sum of the sizes of the files that are read; zero means 256 MiB.
	MaxBytes int64
	// MaxBuilds bounds how many kustomizations one rendering may build, each counted as often as it is used; zero means 10,000.
	MaxBuilds int
	// MaxObjects bounds how many objects there may be, those included that patches delete; zero means 100,000.
	MaxObjects int
}

// Renderer builds kustomizations. Make one with [New].
type Renderer struct{ opts Options }

var _ render.Renderer = (*Renderer)(nil)

// New returns a renderer; nil options are the defaults.
func New(opts *Options) *Renderer {
	r := &Renderer{}
	if opts != nil {
		r.opts = *opts
	}
	if r.opts.MaxFileBytes <= 0 {
		r.opts.MaxFileBytes = 16 << 20
	}
	if r.opts.MaxBytes <= 0 {
		r.opts.MaxBytes = 256 << 20
	}
	if r.opts.MaxBuilds <= 0 {
		r.opts.MaxBuilds = 10_000
	}
	if r.opts.MaxObjects <= 0 {
		r.opts.MaxObjects = 100_000
	}
	return r
}

// Render builds the kustomization at in.Path; in.KubeVersion and in.APIs have no bearing. See the package doc for the errors.
func (r *Renderer) Render(ctx context.Context, in render.Input) (*render.Result, error) {
	result, err := r.render(ctx, in)
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, err
	}
	return result, nil
}

func (r *Renderer) render(ctx context.Context, in render.Input) (*render.Result, error) {
	files := newFileSystem(tree.New(ctx, in.FS, tree.Limits{File: r.opts.MaxFileBytes, Total: r.opts.MaxBytes}))
	dir, err := files.tree.Dir(in.Path)
	if err != nil {
		return nil, &render.Error{Origin: cluster.Origin{File: in.Path}, Err: err}
	}
	w := newWalker(files, r.opts)
	top := w.walk(dir)
	if err := errors.Join(w.faults...); err != nil {
		return nil, err
	}
	via := cluster.Origin{File: top.file}
	objects, origins, err := w.build(top)
	if err != nil {
		fault := &render.Error{Origin: via, Err: errors.New(w.clean(err))}
		return nil, errors.Join(append(slices.Clone(w.suspects), fault)...)
	}
	c := manifest.Collector{MaxObjects: r.opts.MaxObjects}
	for _, warning := range w.warnings {
		c.Warn(warning.Origin, "%s", warning.Message)
	}
	for i, obj := range objects {
		if err := manifest.Validate(obj); err != nil {
			c.Fault(&render.Error{Origin: origins[i], Ref: cluster.RefOf(obj), Err: fmt.Errorf("%w: %w", render.ErrNotManifest, err)})
			continue
		}
		c.Add(manifest.Located{Object: obj, Origin: origins[i]})
	}
	return c.Result(func() error {
		return &render.Error{Origin: via, Err: fmt.Errorf("%w: the kustomization yields no object", render.ErrNoManifests)}
	})
}
