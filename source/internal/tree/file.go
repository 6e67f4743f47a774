package tree

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"time"
)

var (
	errIsDir  = errors.New("is a directory")
	errNotDir = errors.New("not a directory")
)

// info describes one node.
type info[K any] struct {
	fs   *FS[K]
	node Node[K]
	name string
	size int64
}

func (i *info[K]) Name() string       { return i.name }
func (i *info[K]) Size() int64        { return i.size }
func (i *info[K]) Mode() fs.FileMode  { return i.node.Mode }
func (i *info[K]) ModTime() time.Time { return i.fs.Time }
func (i *info[K]) IsDir() bool        { return i.node.Mode.IsDir() }
func (i *info[K]) Sys() any           { return i.fs.Store.Sys(i.node.Key) }
func (i *info[K]) String() string     { return fs.FormatFileInfo(i) }

// entry is a node in a listing; its size is looked up when asked for.
type entry[K any] struct {
	fs   *FS[K]
	node Node[K]
	path string
}

func (e *entry[K]) Name() string               { return e.node.Name }
func (e *entry[K]) IsDir() bool                { return e.node.Mode.IsDir() }
func (e *entry[K]) Type() fs.FileMode          { return e.node.Mode.Type() }
func (e *entry[K]) Info() (fs.FileInfo, error) { return e.fs.describe(e.path, e.node) }
func (e *entry[K]) String() string             { return fs.FormatDirEntry(e) }

// file is an open file, whose content was read when it was opened.
type file[K any] struct {
	*bytes.Reader
	info   *info[K]
	path   string
	closed bool
}

func newFile[K any](i *info[K], path string, content []byte) *file[K] {
	return &file[K]{Reader: bytes.NewReader(content), info: i, path: path}
}

func (f *file[K]) Stat() (fs.FileInfo, error) {
	if f.closed {
		return nil, &fs.PathError{Op: "stat", Path: f.path, Err: fs.ErrClosed}
	}
	return f.info, nil
}

func (f *file[K]) Read(b []byte) (int, error) {
	if f.closed {
		return 0, &fs.PathError{Op: "read", Path: f.path, Err: fs.ErrClosed}
	}
	return f.Reader.Read(b)
}

func (f *file[K]) Close() error {
	if f.closed {
		return &fs.PathError{Op: "close", Path: f.path, Err: fs.ErrClosed}
	}
	f.closed = true
	return nil
}

// dir is an open directory.
type dir[K any] struct {
	info    *info[K]
	path    string
	entries []fs.DirEntry
	closed  bool
}

func (d *dir[K]) Stat() (fs.FileInfo, error) {
	if d.closed {
		return nil, &fs.PathError{Op: "stat", Path: d.path, Err: fs.ErrClosed}
	}
	return d.info, nil
}

func (d *dir[K]) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errIsDir}
}

func (d *dir[K]) Close() error {
	if d.closed {
		return &fs.PathError{Op: "close", Path: d.path, Err: fs.ErrClosed}
	}
	d.closed = true
	return nil
}

// ReadDir returns the next n entries, or all that are left.
func (d *dir[K]) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.closed {
		return nil, &fs.PathError{Op: "readdir", Path: d.path, Err: fs.ErrClosed}
	}
	if n <= 0 || n > len(d.entries) {
		if n > 0 && len(d.entries) == 0 {
			return nil, io.EOF
		}
		n = len(d.entries)
	}
	next := d.entries[:n:n]
	d.entries = d.entries[n:]
	return next, nil
}
