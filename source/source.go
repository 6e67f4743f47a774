package source

import (
	"context"
	"io/fs"
	"sync"
	"time"
)

// Revision is one state of a source. It is comparable; two revisions with the same non-empty Digest have the same content.
type Revision struct {
	// Name is what was asked for, such as "main", "v1.4.0" or "HEAD".
	Name string `json:"name,omitempty"`
	// Digest identifies the content, with its algorithm: "sha1:8f3c…" for a Git commit, "sha256:…" for a tree.
	Digest string `json:"digest,omitempty"`
}

// String returns "main@sha1:8f3c0d2", the digest cut to what a person needs.
func (r Revision) String() string {
	digest := r.Digest
	for i := range digest {
		if digest[i] == ':' && len(digest) > i+13 {
			digest = digest[:i+13]
			break
		}
	}
	switch {
	case digest == "":
		return r.Name
	case r.Name == "":
		return digest
	}
	return r.Name + "@" + digest
}

// IsZero reports whether r is the zero Revision, which asks a [Fetcher] for the newest.
func (r Revision) IsZero() bool { return r == Revision{} }

// Fetcher yields the content of a source.
type Fetcher interface {
	// Fetch returns the tree at a revision, which a zero Revision makes the newest. A Digest, when set, decides alone;
	// else the Name is resolved. The caller closes the snapshot.
	Fetch(ctx context.Context, at Revision) (*Snapshot, error)
}

// FetcherFunc adapts a function to [Fetcher].
type FetcherFunc func(ctx context.Context, at Revision) (*Snapshot, error)

// Fetch calls f.
func (f FetcherFunc) Fetch(ctx context.Context, at Revision) (*Snapshot, error) { return f(ctx, at) }

// Resolver is implemented by a [Fetcher] that can tell its newest revision without fetching it.
type Resolver interface {
	// Resolve returns the newest revision, with its Digest.
	Resolve(ctx context.Context) (Revision, error)
}

// Commit is what a version control system says about a revision.
type Commit struct {
	// ID is the full hash, in hex.
	ID string
	// Author and Email are the author's as the commit states them; nothing vouches for them.
	Author, Email string
	// Time is the committer's.
	Time    time.Time
	Message string
}

// Snapshot is one revision's file tree. Everything in it comes from that revision, and it never changes.
type Snapshot struct {
	Revision Revision
	FS       fs.FS
	// Commit describes the revision where the source has commits, else nil.
	Commit *Commit
	// Release, when not nil, frees what the tree holds. Close calls it once.
	Release func() error

	once sync.Once
	err  error
}

// Close releases the snapshot. The FS must not be used after it. Further calls return the first one's result.
func (s *Snapshot) Close() error {
	s.once.Do(func() {
		if s.Release != nil {
			s.err = s.Release()
		}
	})
	return s.err
}
