package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/setpoint-dev/setpoint/render"
)

// ErrEscape: a path leads out of the tree.
var ErrEscape = errors.New("leads out of the source tree")

// maxLinks bounds the symbolic links that one path may pass, as POSIX's SYMLOOP_MAX does.
const maxLinks = 40

// Tree reads a file system for one rendering, whose context it keeps because kustomize's file system interface passes none on.
// It is not safe for concurrent use.
type Tree struct {
	ctx    context.Context
	fsys   fs.FS
	limits Limits
	bytes  int64 // read so far
	links  fs.ReadLinkFS
	real   map[string]string
}

// Limits bound what is read.
type Limits struct {
	// File bounds the size of one file, Total the sum of all that are read, each time that they are.
	File, Total int64
}

// New returns a reader of fsys.
func New(ctx context.Context, fsys fs.FS, limits Limits) *Tree {
	t := &Tree{ctx: ctx, fsys: fsys, limits: limits, real: map[string]string{".": "."}}
	t.links, _ = fsys.(fs.ReadLinkFS)
	return t
}

// Dir returns the name in the tree of a renderer's input path, "." for the root. The path must be a directory.
func (t *Tree) Dir(name string) (string, error) {
	clean := path.Clean(strings.TrimSuffix(name, "/"))
	if name == "" {
		clean = "."
	}
	if !fs.ValidPath(clean) {
		return "", &fs.PathError{Op: "open", Path: name, Err: ErrEscape}
	}
	info, err := t.Stat(clean)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", &fs.PathError{Op: "open", Path: clean, Err: errors.New("is a file, not a directory")}
	}
	return clean, nil
}

// Resolve returns the path that name leads to after its symbolic links, which exist only where the file system lets one read
// them. A link that leaves the tree is [ErrEscape].
func (t *Tree) Resolve(name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: "open", Path: name, Err: ErrEscape}
	}
	if t.links == nil {
		return name, nil
	}
	links := 0
	return t.resolve(name, &links)
}

func (t *Tree) resolve(name string, links *int) (string, error) {
	if real, ok := t.real[name]; ok {
		return real, nil
	}
	dir, err := t.resolve(path.Dir(name), links)
	if err != nil {
		return "", err
	}
	at := path.Join(dir, path.Base(name))
	info, err := t.links.Lstat(at)
	if err != nil {
		return "", err
	}
	real := at
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := t.links.ReadLink(at)
		if err != nil {
			return "", err
		}
		if *links++; *links > maxLinks {
			return "", &fs.PathError{Op: "open", Path: name, Err: errors.New("too many symbolic links")}
		}
		real = path.Join(path.Dir(at), target)
		if path.IsAbs(target) || !fs.ValidPath(real) {
			return "", &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("symbolic link to %q %w", target, ErrEscape)}
		}
		if real, err = t.resolve(real, links); err != nil {
			return "", err
		}
	}
	t.real[name] = real
	return real, nil
}

// Stat describes the file that name leads to.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	if err := context.Cause(t.ctx); err != nil {
		return nil, err
	}
	real, err := t.Resolve(name)
	if err != nil {
		return nil, err
	}
	return fs.Stat(t.fsys, real)
}

// ReadDir lists a directory, sorted by name.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := context.Cause(t.ctx); err != nil {
		return nil, err
	}
	real, err := t.Resolve(name)
	if err != nil {
		return nil, err
	}
	return fs.ReadDir(t.fsys, real)
}

// ReadFile returns the content of a file, or an error matching [render.ErrTooLarge].
func (t *Tree) ReadFile(name string) ([]byte, error) {
	if err := context.Cause(t.ctx); err != nil {
		return nil, err
	}
	real, err := t.Resolve(name)
	if err != nil {
		return nil, err
	}
	f, err := t.fsys.Open(real)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is not a regular file")}
	}
	room := min(t.limits.File, t.limits.Total-t.bytes)
	if info.Size() > room {
		return nil, t.tooLarge(name, info.Size())
	}
	data, err := io.ReadAll(io.LimitReader(f, room+1))
	if err != nil {
		return nil, err
	}
	if size := int64(len(data)); size > room {
		return nil, t.tooLarge(name, size)
	}
	t.bytes += int64(len(data))
	return data, nil
}

func (t *Tree) tooLarge(name string, size int64) error {
	err := fmt.Errorf("file %w: more than %d bytes; raise MaxFileBytes", render.ErrTooLarge, t.limits.File)
	if size <= t.limits.File {
		err = fmt.Errorf("%w: more than %d bytes in all files; raise MaxBytes", render.ErrTooLarge, t.limits.Total)
	}
	return &fs.PathError{Op: "read", Path: name, Err: err}
}

// Ended returns the cause for which the context ended, nil while it goes on.
func (t *Tree) Ended() error { return context.Cause(t.ctx) }
