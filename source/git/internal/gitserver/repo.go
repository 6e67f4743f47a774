package gitserver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// File is a file, a link (mode 0o120000) or a submodule (mode 0o160000, Content a commit's hash) of a commit.
type File struct {
	Content string
	Mode    filemode.FileMode
}

// Text returns a plain file.
func Text(content string) File { return File{content, filemode.Regular} }

// Repo is a repository in memory.
type Repo struct {
	// Reachable allows clients to ask for any commit by hash.
	Reachable bool
	// NoShallow makes the server unable to cut the history.
	NoShallow bool
	// Lose names objects that the server leaves out of what it sends.
	Lose map[plumbing.Hash]bool

	mu      sync.Mutex
	storage *memory.Storage
	log     []Exchange
	seconds int64
}

// New returns a repository whose HEAD is a main that does not exist yet.
func New() *Repo {
	r := &Repo{storage: memory.NewStorage()}
	must(r.storage.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, "refs/heads/main")))
	return r
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Set makes a full ref name mean a hash.
func (r *Repo) Set(ref string, h plumbing.Hash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	must(r.storage.SetReference(plumbing.NewHashReference(plumbing.ReferenceName(ref), h)))
}

// Delete removes a ref.
func (r *Repo) Delete(ref string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	must(r.storage.RemoveReference(plumbing.ReferenceName(ref)))
}

// Commit stores a tree and a commit. No ref moves.
func (r *Repo) Commit(files map[string]File, parents ...plumbing.Hash) plumbing.Hash {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seconds++
	who := object.Signature{Name: "Ada", Email: "ada@example.com", When: time.Unix(1_700_000_000+r.seconds, 0).UTC()}
	c := &object.Commit{
		Author: who, Committer: who, Message: fmt.Sprintf("change %d\n", r.seconds),
		TreeHash: r.tree(files, ""), ParentHashes: parents,
	}
	o := &plumbing.MemoryObject{}
	must(c.Encode(o))
	return r.put(o)
}

// Push commits on top of a branch and moves it.
func (r *Repo) Push(branch string, files map[string]File) plumbing.Hash {
	var parents []plumbing.Hash
	r.mu.Lock()
	ref, err := r.storage.Reference(plumbing.NewBranchReferenceName(branch))
	r.mu.Unlock()
	if err == nil {
		parents = append(parents, ref.Hash())
	}
	h := r.Commit(files, parents...)
	r.Set("refs/heads/"+branch, h)
	return h
}

// Tag stores an annotated tag of a commit.
func (r *Repo) Tag(name string, h plumbing.Hash) plumbing.Hash {
	r.mu.Lock()
	t := &object.Tag{Name: name, Message: name, TargetType: plumbing.CommitObject, Target: h, Tagger: object.Signature{Name: "Ada", When: time.Unix(1, 0)}}
	o := &plumbing.MemoryObject{}
	must(t.Encode(o))
	tag := r.put(o)
	r.mu.Unlock()
	r.Set("refs/tags/"+name, tag)
	return tag
}

// Raw stores any object.
func (r *Repo) Raw(kind plumbing.ObjectType, data []byte) plumbing.Hash {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &plumbing.MemoryObject{}
	o.SetType(kind)
	_, err := o.Write(data)
	must(err)
	return r.put(o)
}

// Objects calls f for each object.
func (r *Repo) Objects(f func(o plumbing.EncodedObject)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.storage.Objects {
		f(o)
	}
}

func (r *Repo) put(o plumbing.EncodedObject) plumbing.Hash {
	h, err := r.storage.SetEncodedObject(o)
	must(err)
	return h
}

func (r *Repo) blob(content string) plumbing.Hash {
	o := &plumbing.MemoryObject{}
	o.SetType(plumbing.BlobObject)
	_, err := o.Write([]byte(content))
	must(err)
	return r.put(o)
}

// tree stores the files whose path begins with a prefix.
func (r *Repo) tree(files map[string]File, prefix string) plumbing.Hash {
	var entries []object.TreeEntry
	below := map[string]bool{}
	for name, f := range files {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		if dir, _, ok := strings.Cut(rest, "/"); ok {
			below[dir] = true
			continue
		}
		e := object.TreeEntry{Name: rest, Mode: cmp.Or(f.Mode, filemode.Regular)}
		if e.Mode == filemode.Submodule {
			e.Hash = plumbing.NewHash(f.Content)
		} else {
			e.Hash = r.blob(f.Content)
		}
		entries = append(entries, e)
	}
	for dir := range below {
		entries = append(entries, object.TreeEntry{Name: dir, Mode: filemode.Dir, Hash: r.tree(files, prefix+dir+"/")})
	}
	order := func(e object.TreeEntry) string {
		if e.Mode == filemode.Dir {
			return e.Name + "/"
		}
		return e.Name
	}
	slices.SortFunc(entries, func(a, b object.TreeEntry) int { return strings.Compare(order(a), order(b)) })
	o := &plumbing.MemoryObject{}
	must((&object.Tree{Entries: entries}).Encode(o))
	return r.put(o)
}
