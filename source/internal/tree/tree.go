package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/setpoint-dev/setpoint/source"
)

// maxLinks is how many links one name may pass through, as on Linux.
const maxLinks = 40

// Node is one entry of a directory.
type Node[K any] struct {
	Name string
	Mode fs.FileMode
	Key  K
}

// Store reads nodes. It is safe for concurrent use; what it returns is not modified.
type Store[K any] interface {
	// List returns the entries of a directory, sorted by name.
	List(dir K) ([]Node[K], error)
	// Read returns the content of a file or the target of a link.
	Read(node K) ([]byte, error)
	// Size returns the length of what Read returns.
	Size(node K) (int64, error)
	// Sys returns what FileInfo.Sys answers.
	Sys(node K) any
}

// FS is a read-only file tree, safe for concurrent use.
type FS[K any] struct {
	Store Store[K]
	Root  Node[K]
	// Time is the modification time of everything.
	Time time.Time
	// Wrap, when not nil, names the source in an error of the store or in an unsafe link.
	Wrap func(name string, err error) error

	closed atomic.Bool
}

var (
	_ fs.ReadDirFS  = (*FS[int])(nil)
	_ fs.ReadFileFS = (*FS[int])(nil)
	_ fs.StatFS     = (*FS[int])(nil)
	_ fs.ReadLinkFS = (*FS[int])(nil)
)

// Close makes every later call fail with fs.ErrClosed.
func (f *FS[K]) Close() { f.closed.Store(true) }

// Open opens a file or directory, following links.
func (f *FS[K]) Open(name string) (fs.File, error) {
	node, err := f.walk("open", name, true)
	if err != nil {
		return nil, err
	}
	info := &info[K]{fs: f, node: node, name: path.Base(name)}
	if node.Mode.IsDir() {
		entries, err := f.list(name, node)
		if err != nil {
			return nil, err
		}
		return &dir[K]{info: info, path: name, entries: entries}, nil
	}
	content, err := f.Store.Read(node.Key)
	if err != nil {
		return nil, f.wrap(name, err)
	}
	info.size = int64(len(content))
	return newFile(info, name, content), nil
}

// ReadFile returns a copy of a file's content.
func (f *FS[K]) ReadFile(name string) ([]byte, error) {
	node, err := f.walk("readfile", name, true)
	if err != nil {
		return nil, err
	}
	if node.Mode.IsDir() {
		return nil, &fs.PathError{Op: "readfile", Path: name, Err: errIsDir}
	}
	content, err := f.Store.Read(node.Key)
	if err != nil {
		return nil, f.wrap(name, err)
	}
	return slices.Clone(content), nil
}

// ReadDir lists a directory, sorted by name.
func (f *FS[K]) ReadDir(name string) ([]fs.DirEntry, error) {
	node, err := f.walk("readdir", name, true)
	if err != nil {
		return nil, err
	}
	if !node.Mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotDir}
	}
	return f.list(name, node)
}

// Stat describes a file or directory, following links.
func (f *FS[K]) Stat(name string) (fs.FileInfo, error) { return f.stat("stat", name, true) }

// Lstat describes an entry; a link is described itself.
func (f *FS[K]) Lstat(name string) (fs.FileInfo, error) { return f.stat("lstat", name, false) }

// ReadLink returns the target of a link.
func (f *FS[K]) ReadLink(name string) (string, error) {
	node, err := f.walk("readlink", name, false)
	if err != nil {
		return "", err
	}
	if node.Mode.Type() != fs.ModeSymlink {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	target, err := f.Store.Read(node.Key)
	if err != nil {
		return "", f.wrap(name, err)
	}
	return string(target), nil
}

func (f *FS[K]) stat(op, name string, follow bool) (fs.FileInfo, error) {
	node, err := f.walk(op, name, follow)
	if err != nil {
		return nil, err
	}
	return f.describe(name, node)
}

func (f *FS[K]) describe(name string, node Node[K]) (fs.FileInfo, error) {
	info := &info[K]{fs: f, node: node, name: path.Base(name)}
	if node.Mode.IsDir() {
		return info, nil
	}
	size, err := f.Store.Size(node.Key)
	if err != nil {
		return nil, f.wrap(name, err)
	}
	info.size = size
	return info, nil
}

func (f *FS[K]) list(name string, dir Node[K]) ([]fs.DirEntry, error) {
	nodes, err := f.Store.List(dir.Key)
	if err != nil {
		return nil, f.wrap(name, err)
	}
	entries := make([]fs.DirEntry, len(nodes))
	for i, node := range nodes {
		entries[i] = &entry[K]{fs: f, node: node, path: path.Join(name, node.Name)}
	}
	return entries, nil
}

// walk finds a name, element by element, and puts the target of a link in its place.
func (f *FS[K]) walk(op, name string, follow bool) (Node[K], error) {
	var none Node[K]
	if !fs.ValidPath(name) {
		return none, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if f.closed.Load() {
		return none, &fs.PathError{Op: op, Path: name, Err: fs.ErrClosed}
	}
	stack := []Node[K]{f.Root}
	rest := strings.Split(name, "/")
	for links := 0; len(rest) > 0; {
		element := rest[0]
		rest = rest[1:]
		here := stack[len(stack)-1]
		if !here.Mode.IsDir() {
			return none, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		switch element {
		case "", ".":
			continue
		case "..":
			if len(stack) == 1 {
				return none, f.wrap(name, fmt.Errorf("%w: a link leads out of the tree", source.ErrUnsafePath))
			}
			stack = stack[:len(stack)-1]
			continue
		}
		nodes, err := f.Store.List(here.Key)
		if err != nil {
			return none, f.wrap(name, err)
		}
		i, found := slices.BinarySearchFunc(nodes, element, func(n Node[K], name string) int { return strings.Compare(n.Name, name) })
		if !found {
			return none, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		node := nodes[i]
		if node.Mode.Type() != fs.ModeSymlink || (len(rest) == 0 && !follow) {
			stack = append(stack, node)
			continue
		}
		if links++; links > maxLinks {
			return none, f.wrap(name, fmt.Errorf("%w: more than %d links in a row, which may be a circle", source.ErrUnsafePath, maxLinks))
		}
		target, err := f.Store.Read(node.Key)
		if err != nil {
			return none, f.wrap(name, err)
		}
		if path.IsAbs(string(target)) {
			return none, f.wrap(name, fmt.Errorf("%w: a link leads to an absolute path", source.ErrUnsafePath))
		}
		rest = append(strings.Split(string(target), "/"), rest...)
	}
	return stack[len(stack)-1], nil
}

// wrap keeps what a caller may mistake for absence from being taken for one.
func (f *FS[K]) wrap(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %v", source.ErrCorrupt, err)
	}
	if f.Wrap == nil {
		return err
	}
	return f.Wrap(name, err)
}
