package git

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git/internal/objects"
	"github.com/setpoint-dev/setpoint/source/internal/tree"
)

// ErrSubmodule: a directory is a submodule, whose files are in another repository. A snapshot lists it as a directory and
// fails when it is entered; an empty directory would be an absence that is not true.
var ErrSubmodule = errors.New("submodule")

// Object names the Git object behind a file, a link or a directory. FileInfo.Sys of a snapshot's FS returns one.
type Object struct {
	// Hash is the object's hash in hex. A directory's covers names, modes and content of everything below it; a link is
	// covered by its target's name, not by what is there.
	Hash string
	// Mode is the mode in the tree, such as 0o100644, 0o100755, 0o120000 (link), 0o040000 (tree) or 0o160000 (submodule).
	Mode uint32
}

// Digest returns the hash with its algorithm, such as "sha1:8f3c…". Equal digests mean equal content, at any revision.
func (o Object) Digest() string { return "sha1:" + o.Hash }

// key finds an object and tells what it stands for.
type key struct {
	hash plumbing.Hash
	mode filemode.FileMode
}

// files answers a tree.FS from a store.
type files struct {
	store   objects.Store
	maxFile int64

	mu    sync.RWMutex
	trees map[plumbing.Hash][]tree.Node[key]
}

func (f *files) List(dir key) ([]tree.Node[key], error) {
	if dir.mode == filemode.Submodule {
		return nil, fmt.Errorf("%w: its files are in another repository, at commit %s; use that as a source of its own", ErrSubmodule, dir.hash)
	}
	f.mu.RLock()
	nodes, ok := f.trees[dir.hash]
	f.mu.RUnlock()
	if ok {
		return nodes, nil
	}
	o, err := objects.Need(f.store, dir.hash, plumbing.TreeObject)
	if err != nil {
		return nil, err
	}
	entries, err := objects.ParseTree(dir.hash, o.Data)
	if err != nil {
		return nil, err
	}
	nodes = make([]tree.Node[key], len(entries))
	for i, e := range entries {
		mode, err := fileMode(e)
		if err != nil {
			return nil, err
		}
		nodes[i] = tree.Node[key]{Name: e.Name, Mode: mode, Key: key{e.Hash, e.Mode}}
	}
	slices.SortFunc(nodes, func(a, b tree.Node[key]) int { return strings.Compare(a.Name, b.Name) })
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trees == nil {
		f.trees = map[plumbing.Hash][]tree.Node[key]{}
	}
	f.trees[dir.hash] = nodes
	return nodes, nil
}

func (f *files) Read(k key) ([]byte, error) {
	size, err := f.Size(k)
	if err != nil {
		return nil, err
	}
	if size > f.maxFile {
		return nil, fmt.Errorf("%w: %d bytes, more than %d; raise MaxFileBytes", source.ErrTooLarge, size, f.maxFile)
	}
	o, err := objects.Need(f.store, k.hash, plumbing.BlobObject)
	return o.Data, err
}

func (f *files) Size(k key) (int64, error) {
	size, err := f.store.Size(k.hash)
	if errors.Is(err, objects.ErrAbsent) {
		err = fmt.Errorf("%w: blob %s is missing", source.ErrCorrupt, k.hash)
	}
	return size, err
}

func (f *files) Sys(k key) any { return Object{Hash: k.hash.String(), Mode: uint32(k.mode)} }

func fileMode(e objects.TreeEntry) (fs.FileMode, error) {
	switch e.Mode {
	case filemode.Dir, filemode.Submodule:
		return fs.ModeDir | 0o755, nil
	case filemode.Symlink:
		return fs.ModeSymlink | 0o777, nil
	case filemode.Executable:
		return 0o755, nil
	case filemode.Regular, filemode.Deprecated:
		return 0o644, nil
	}
	// Old tools wrote other permissions; only the executable bit counts, as in Git.
	if e.Mode&0o170000 == 0o100000 {
		if e.Mode&0o111 != 0 {
			return 0o755, nil
		}
		return 0o644, nil
	}
	return 0, fmt.Errorf("%w: entry %s has mode %o", source.ErrCorrupt, e.Name, uint32(e.Mode))
}
