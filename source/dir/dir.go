package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/internal/tree"
)

// attempts is how often a directory that changes is read before Fetch gives up.
const attempts = 3

// Options bound what a Directory reads. Zero fields mean the defaults.
type Options struct {
	// MaxBytes bounds the sum of all file sizes; the default is 256 MiB.
	MaxBytes int64
	// MaxEntries bounds the number of files, directories and links; the default is 100 000.
	MaxEntries int
}

// Directory is a directory as a source. It is safe for concurrent use.
type Directory struct {
	path string
	opts Options
	// settled, when not nil, runs between reading and verifying.
	settled func()
}

var (
	_ source.Fetcher  = (*Directory)(nil)
	_ source.Resolver = (*Directory)(nil)
)

// New returns the directory at path as a source. Nothing is read until Fetch or Resolve. A nil opts means the defaults.
func New(path string, opts *Options) *Directory {
	d := &Directory{path: path}
	if opts != nil {
		d.opts = *opts
	}
	if d.opts.MaxBytes <= 0 {
		d.opts.MaxBytes = 256 << 20
	}
	if d.opts.MaxEntries <= 0 {
		d.opts.MaxEntries = 100_000
	}
	return d
}

// String returns the path.
func (d *Directory) String() string { return d.path }

// Resolve returns the Digest of what the directory holds now. It costs as much as Fetch.
func (d *Directory) Resolve(ctx context.Context) (source.Revision, error) {
	root, err := d.load(ctx)
	if err != nil {
		return source.Revision{}, d.fail("resolve", source.Revision{}, err)
	}
	return source.Revision{Digest: root.digest}, nil
}

// Fetch reads the directory. The revision may be zero, or carry the Digest that the directory must hold, else the error
// is [source.ErrUnknownRevision]; a Name is kept and has no meaning.
func (d *Directory) Fetch(ctx context.Context, at source.Revision) (*source.Snapshot, error) {
	root, err := d.load(ctx)
	if err != nil {
		return nil, d.fail("fetch", at, err)
	}
	now := source.Revision{Name: at.Name, Digest: root.digest}
	if at.Digest != "" && at != now {
		return nil, d.fail("fetch", at, fmt.Errorf("%w: the directory holds %s now", source.ErrUnknownRevision, now.Digest))
	}
	files := &tree.FS[*node]{
		Store: store{},
		Root:  tree.Node[*node]{Name: ".", Mode: fs.ModeDir | 0o755, Key: root},
		Wrap: func(name string, err error) error {
			return &source.Error{Op: "read", Source: d.path, Path: name, Err: err}
		},
	}
	return &source.Snapshot{
		Revision: now,
		FS:       files,
		Release:  func() error { files.Close(); return nil },
	}, nil
}

// load reads until two looks at the directory agree.
func (d *Directory) load(ctx context.Context) (*node, error) {
	for range attempts {
		root, seen, err := read(ctx, d.path, d.opts)
		if err == nil {
			if d.settled != nil {
				d.settled()
			}
			err = seen.verify(ctx, d.path)
		}
		if err == nil {
			return root, nil
		}
		if !errors.Is(err, source.ErrUnstable) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w, %d times in a row; let the writer finish, or point at a copy", source.ErrUnstable, attempts)
}

func (d *Directory) fail(op string, at source.Revision, err error) error {
	return &source.Error{Op: op, Source: d.path, Revision: at.String(), Err: err}
}
