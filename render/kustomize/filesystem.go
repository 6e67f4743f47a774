package kustomize

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/setpoint-dev/setpoint/render/internal/tree"
)

// mount is where the source tree's root appears to kustomize. A path that climbs above the tree leaves it and finds nothing.
const mount = "/setpoint-source-tree"

// fileSystem shows a source tree to kustomize, which asks for two things only: where a path leads, and what a file holds. A file's
// content stays what it was at the first look, so that what was checked is what is built.
type fileSystem struct {
	refuse
	tree    *tree.Tree
	content map[string]content
	// instead replaces the content of files.
	instead map[string][]byte
}

type content struct {
	data []byte
	err  error
}

var _ filesys.FileSystem = (*fileSystem)(nil)

func newFileSystem(t *tree.Tree) *fileSystem {
	return &fileSystem{tree: t, content: map[string]content{}}
}

// name returns the tree's name for a path that kustomize uses.
func (f *fileSystem) name(p string) (string, error) {
	clean := path.Clean(filepath.ToSlash(p))
	if clean == mount {
		return ".", nil
	}
	name, ok := strings.CutPrefix(clean, mount+"/")
	if !ok {
		return "", &fs.PathError{Op: "open", Path: p, Err: tree.ErrEscape}
	}
	return name, nil
}

// read returns the content of a file of the tree.
func (f *fileSystem) read(name string) ([]byte, error) {
	c, ok := f.content[name]
	if !ok {
		c.data, c.err = f.tree.ReadFile(name)
		f.content[name] = c
	}
	return c.data, c.err
}

// CleanedAbs returns the directory and file that a path leads to, symbolic links resolved.
func (f *fileSystem) CleanedAbs(p string) (filesys.ConfirmedDir, string, error) {
	name, err := f.name(p)
	if err != nil {
		return "", "", err
	}
	real, err := f.tree.Resolve(name)
	if err != nil {
		return "", "", err
	}
	info, err := f.tree.Stat(real)
	if err != nil {
		return "", "", err
	}
	if info.IsDir() {
		return filesys.ConfirmedDir(path.Join(mount, real)), "", nil
	}
	return filesys.ConfirmedDir(path.Join(mount, path.Dir(real))), path.Base(real), nil
}

// ReadFile returns the content of a file.
func (f *fileSystem) ReadFile(p string) ([]byte, error) {
	name, err := f.name(p)
	if err != nil {
		return nil, err
	}
	if data, ok := f.instead[name]; ok {
		return data, nil
	}
	return f.read(name)
}

// Exists reports whether the path leads somewhere.
func (f *fileSystem) Exists(p string) bool {
	_, _, err := f.CleanedAbs(p)
	return err == nil
}

// IsDir reports whether the path leads to a directory.
func (f *fileSystem) IsDir(p string) bool {
	_, file, err := f.CleanedAbs(p)
	return err == nil && file == ""
}

// refuse has the methods of filesys.FileSystem that a build does not call and that a source tree has no use for.
type refuse struct{}

var errRefused = errors.New("not available in a source tree")

func (refuse) Create(string) (filesys.File, error)  { return nil, errRefused }
func (refuse) Open(string) (filesys.File, error)    { return nil, errRefused }
func (refuse) Mkdir(string) error                   { return errRefused }
func (refuse) MkdirAll(string) error                { return errRefused }
func (refuse) RemoveAll(string) error               { return errRefused }
func (refuse) ReadDir(string) ([]string, error)     { return nil, errRefused }
func (refuse) Glob(string) ([]string, error)        { return nil, errRefused }
func (refuse) WriteFile(string, []byte) error       { return errRefused }
func (refuse) Walk(string, filepath.WalkFunc) error { return errRefused }
