package git

import (
	"context"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git/internal/objects"
	"github.com/setpoint-dev/setpoint/source/internal/tree"
)

// Source is one revision name of a [Repository], such as a branch that moves. It is safe for concurrent use.
type Source struct {
	repository *Repository
	name       string
}

var (
	_ source.Fetcher  = (*Source)(nil)
	_ source.Resolver = (*Source)(nil)
)

// At returns a source for what a revision name means, each time it is asked:
//
//   - "" or "HEAD": the default branch;
//   - a branch or a tag, by its short name; one that is both is [source.ErrAmbiguousRevision];
//   - a full name such as "refs/heads/main" or "refs/pull/7/head", also without "refs/";
//   - a commit's hash; where a server gives commits by name only, the whole history is fetched to find it;
//   - the first 4 or more digits of a commit's hash, for which the whole history is looked at;
//   - a range of versions such as "^1.4" or ">=2 <3": the tag with the highest version in it, as Semantic Versioning
//     orders them. Pre-releases take part when the range names one.
//
// A branch or tag with exactly that name comes before the later readings.
func (r *Repository) At(revision string) *Source { return &Source{r, strings.TrimSpace(revision)} }

// String returns "https://example.com/apps.git at main".
func (s *Source) String() string {
	if s.name == "" {
		return s.repository.String()
	}
	return s.repository.String() + " at " + s.name
}

// Resolve returns the commit that the name means now, without fetching it. A server is asked for its refs; the full hash
// of a commit means itself and is not asked for. The errors are those of the package.
func (s *Source) Resolve(ctx context.Context) (source.Revision, error) {
	h, err := s.repository.backend.resolve(ctx, s.name)
	if err != nil {
		return source.Revision{}, s.fail("resolve", s.name, err)
	}
	return source.Revision{Name: s.name, Digest: digest(h)}, nil
}

// Fetch returns the tree of a commit: that of at.Digest ("sha1:" and the full hash) when set, else what at.Name means, else
// what the source's own name means. What is already there is not transferred again, and a commit that is held already costs
// the question for the refs, or nothing when a digest is given. Only the commit is fetched, without its history.
func (s *Source) Fetch(ctx context.Context, at source.Revision) (*source.Snapshot, error) {
	name := s.name
	if at.Name != "" {
		name = at.Name
	}
	asked := source.Revision{Name: name, Digest: at.Digest}
	var want plumbing.Hash
	var err error
	if at.Digest != "" {
		if want, err = parseDigest(at.Digest); err != nil {
			return nil, s.fail("fetch", asked.String(), err)
		}
	}
	commit, err := s.repository.backend.obtain(ctx, name, want)
	if err != nil {
		return nil, s.fail("fetch", asked.String(), err)
	}
	snapshot, err := s.repository.snapshot(name, commit)
	if err != nil {
		s.repository.backend.release(commit)
		return nil, s.fail("fetch", asked.String(), err)
	}
	return snapshot, nil
}

func (s *Source) fail(op, revision string, err error) error {
	return &source.Error{Op: op, Source: s.repository.String(), Revision: revision, Err: err}
}

// snapshot serves a commit that has been obtained.
func (r *Repository) snapshot(name string, commit plumbing.Hash) (*source.Snapshot, error) {
	content := r.backend.content()
	o, err := objects.Need(content, commit, plumbing.CommitObject)
	if err != nil {
		return nil, err
	}
	c, err := objects.ParseCommit(commit, o.Data)
	if err != nil {
		return nil, err
	}
	at := source.Revision{Name: name, Digest: digest(commit)}
	root := objects.TreeEntry{Mode: 0o040000, Hash: c.Tree}
	mode, err := fileMode(root)
	if err != nil {
		return nil, err
	}
	files := &tree.FS[key]{
		Store: &files{store: content, maxFile: r.maxFile},
		Root:  tree.Node[key]{Name: ".", Mode: mode, Key: key{root.Hash, root.Mode}},
		Time:  c.Time,
		Wrap: func(file string, err error) error {
			return &source.Error{Op: "read", Source: r.String(), Revision: at.String(), Path: file, Err: err}
		},
	}
	return &source.Snapshot{
		Revision: at,
		FS:       files,
		Commit: &source.Commit{
			ID:      commit.String(),
			Author:  c.Author,
			Email:   c.Email,
			Time:    c.Time,
			Message: c.Message,
		},
		Release: func() error {
			files.Close()
			r.backend.release(commit)
			return nil
		},
	}, nil
}
