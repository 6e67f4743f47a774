package plain

import (
	"context"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/internal/manifest"
	"github.com/setpoint-dev/setpoint/render/internal/tree"
)

// Options adjust a [Renderer].
type Options struct {
	// Recurse includes all subdirectories. The default reads the one directory, as Argo CD does.
	Recurse bool
	// MaxFileBytes bounds the size of a file; zero means 16 MiB.
	MaxFileBytes int64
	// MaxBytes bounds the sum of the sizes of the files that are read; zero means 256 MiB.
	MaxBytes int64
	// MaxFiles bounds how many files are read; zero means 10,000.
	MaxFiles int
	// MaxObjects bounds how many objects there may be; zero means 100,000.
	MaxObjects int
}

// Renderer reads manifests. Make one with [New].
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
	if r.opts.MaxFiles <= 0 {
		r.opts.MaxFiles = 10_000
	}
	if r.opts.MaxObjects <= 0 {
		r.opts.MaxObjects = 100_000
	}
	return r
}

// Render reads the manifests at in.Path; in.KubeVersion and in.APIs have no bearing. See the package doc for what is read
// and for the errors.
func (r *Renderer) Render(ctx context.Context, in render.Input) (*render.Result, error) {
	w := walk{
		opts:    r.opts,
		tree:    tree.New(ctx, in.FS, tree.Limits{File: r.opts.MaxFileBytes, Total: r.opts.MaxBytes}),
		collect: manifest.Collector{MaxObjects: r.opts.MaxObjects},
	}
	dir, err := w.tree.Dir(in.Path)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, &render.Error{Origin: cluster.Origin{File: in.Path}, Err: err}
	}
	if err := w.dir(dir); err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return w.collect.Result(func() error {
		return &render.Error{Origin: cluster.Origin{File: dir}, Err: w.nothing()}
	})
}
