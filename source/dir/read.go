package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/internal/tree"
)

// stamp is what tells that an entry was written to.
type stamp struct {
	mode fs.FileMode
	size int64
	time int64
}

func stampOf(info fs.FileInfo) stamp {
	return stamp{info.Mode(), info.Size(), info.ModTime().UnixNano()}
}

// stamps holds what the first look saw, by path.
type stamps map[string]stamp

// reader reads one directory once. os.Root keeps a link that somebody plants meanwhile from leading out.
type reader struct {
	root  *os.Root
	opts  Options
	bytes int64
	seen  stamps
}

func read(ctx context.Context, dir string, opts Options) (*node, stamps, error) {
	root, err := open(dir)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	r := &reader{root: root, opts: opts, seen: stamps{}}
	n, err := r.dir(ctx, ".")
	return n, r.seen, err
}

func open(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	switch {
	case err == nil:
		return root, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: no such directory", source.ErrNotRepository)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: permission denied", source.ErrUnauthorized)
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fmt.Errorf("%w: not a directory", source.ErrNotRepository)
	}
	if info, serr := os.Stat(dir); serr == nil && !info.IsDir() {
		return nil, fmt.Errorf("%w: not a directory", source.ErrNotRepository)
	}
	return nil, err
}

// dir reads a directory. What was there a moment ago and is gone is a change, never an absence.
func (r *reader) dir(ctx context.Context, name string) (*node, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	info, err := r.root.Lstat(name)
	if err != nil {
		return nil, unread(name, err)
	}
	r.seen[name] = stampOf(info)
	found, err := list(r.root, name)
	if err != nil {
		return nil, err
	}
	var entries []tree.Node[*node]
	for _, e := range found {
		file := path.Join(name, e.Name())
		if len(r.seen) > r.opts.MaxEntries {
			return nil, fmt.Errorf("%w: more than %d entries; raise MaxEntries or point at a subdirectory", source.ErrTooLarge, r.opts.MaxEntries)
		}
		var child *node
		mode := fs.FileMode(0o644)
		switch e.Type() {
		case fs.ModeDir:
			mode = fs.ModeDir | 0o755
			child, err = r.dir(ctx, file)
		case fs.ModeSymlink:
			mode = fs.ModeSymlink | 0o777
			child, err = r.link(file)
		case 0:
			child, err = r.file(file)
			if err == nil && r.seen[file].mode&0o111 != 0 {
				mode = 0o755
			}
		default:
			err = fmt.Errorf("%w: %s is neither a file, a directory nor a link", source.ErrUnsafePath, file)
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, tree.Node[*node]{Name: e.Name(), Mode: mode, Key: child})
	}
	return branch(entries), nil
}

func (r *reader) link(name string) (*node, error) {
	info, err := r.root.Lstat(name)
	if err != nil {
		return nil, unread(name, err)
	}
	r.seen[name] = stampOf(info)
	target, err := r.root.Readlink(name)
	if err != nil {
		return nil, unread(name, err)
	}
	return leaf([]byte(target)), nil
}

func (r *reader) file(name string) (*node, error) {
	f, err := r.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, unread(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unread(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s", source.ErrUnstable, name)
	}
	r.seen[name] = stampOf(info)
	room := r.opts.MaxBytes - r.bytes
	content, err := io.ReadAll(io.LimitReader(f, room+1))
	if err != nil {
		return nil, unread(name, err)
	}
	if int64(len(content)) > room {
		return nil, fmt.Errorf("%w: more than %d bytes; raise MaxBytes or point at a subdirectory", source.ErrTooLarge, r.opts.MaxBytes)
	}
	r.bytes += int64(len(content))
	return leaf(content), nil
}

// list returns a directory's entries without .git, sorted by name.
func list(root *os.Root, name string) ([]fs.DirEntry, error) {
	d, err := root.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return nil, unread(name, err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".git" })
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// verify looks a second time.
func (s stamps) verify(ctx context.Context, dir string) error {
	root, err := open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	count := 0
	var visit func(name string) error
	visit = func(name string) error {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		info, err := root.Lstat(name)
		if err != nil {
			return unread(name, err)
		}
		if before, ok := s[name]; !ok || before != stampOf(info) {
			return fmt.Errorf("%w: %s", source.ErrUnstable, name)
		}
		count++
		if !info.IsDir() {
			return nil
		}
		entries, err := list(root, name)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := visit(path.Join(name, e.Name())); err != nil {
				return err
			}
		}
		return nil
	}
	if err := visit("."); err != nil {
		return err
	}
	if count != len(s) {
		return fmt.Errorf("%w: %d entries are gone", source.ErrUnstable, len(s)-count)
	}
	return nil
}

func unread(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ELOOP):
		return fmt.Errorf("%w: %s is gone", source.ErrUnstable, name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %s: permission denied", source.ErrUnauthorized, name)
	}
	return fmt.Errorf("%w: %s: %v", source.ErrCorrupt, name, err)
}
