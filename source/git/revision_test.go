package git_test

import (
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

func TestRevisions(t *testing.T) {
	r := gitserver.New()
	hashes := map[string]plumbing.Hash{}
	for _, name := range []string{"old", "v1.2.0", "v1.10.0", "v2.0.0-rc.1", "main"} {
		hashes[name] = r.Push("main", many(len(hashes)+1))
	}
	for _, tag := range []string{"v1.2.0", "v1.10.0", "v2.0.0-rc.1"} {
		r.Tag(tag, hashes[tag])
	}
	r.Set("refs/tags/light", hashes["old"])
	r.Set("refs/heads/release/1.x", hashes["v1.10.0"])
	r.Set("refs/heads/both", hashes["main"])
	r.Set("refs/tags/both", hashes["main"])
	r.Set("refs/heads/cafe", hashes["old"])
	r.Set("refs/pull/7/head", hashes["old"])
	r.Set("refs/tags/file", r.Raw(plumbing.BlobObject, []byte("x")))
	repo := open(t, web(t, r), nil)
	for name, want := range map[string]string{
		"": "main", "HEAD": "main", "main": "main", "refs/heads/main": "main", "light": "old", "v1.2.0": "v1.2.0",
		"release/1.x": "v1.10.0", "refs/tags/both": "main", "refs/heads/both": "main", "heads/both": "main", "refs/pull/7/head": "old", "pull/7/head": "old",
		"^1.0": "v1.10.0", "1.x": "v1.10.0", ">=1.0 <1.5": "v1.2.0", "~1.2": "v1.2.0", ">=2.0.0-0": "v2.0.0-rc.1", "*": "v1.10.0",
		"cafe": "old", " main\n": "main",
		hashes["old"].String(): "old", strings.ToUpper(hashes["v1.2.0"].String()): "v1.2.0",
		hashes["old"].String()[:10]: "old", strings.ToUpper(hashes["main"].String()[:12]): "main",
	} {
		s, err := repo.At(name).Fetch(t.Context(), source.Revision{})
		if assert.NoError(t, err, name) {
			assert.Equal(t, hashes[want].String(), s.Commit.ID, name)
			assert.Equal(t, strings.TrimSpace(name), s.Revision.Name)
			now, err := repo.At(name).Resolve(t.Context())
			require.NoError(t, err)
			assert.Equal(t, s.Revision, now, name)
		}
	}
	at, err := repo.At("main").Fetch(t.Context(), source.Revision{Name: "light"})
	require.NoError(t, err)
	assert.Equal(t, hashes["old"].String(), at.Commit.ID, "a name that is given wins over the source's own")

	for name, c := range map[string]struct {
		err  error
		text string
	}{
		"both":                    {source.ErrAmbiguousRevision, `"both" is a branch and a tag; say refs/heads/both or refs/tags/both`},
		"mian":                    {source.ErrUnknownRevision, `no branch, tag or ref "mian"; there is main`},
		"v1.2":                    {source.ErrUnknownRevision, "; there is v1.2.0"},
		"v1.11.0":                 {source.ErrUnknownRevision, "; there is v1.10.0, v1.2.0"},
		"refs/heads/nothing":      {source.ErrUnknownRevision, `"refs/heads/nothing"`},
		"^7":                      {source.ErrUnknownRevision, "no tag is a version in the range ^7"},
		"main~1":                  {source.ErrUnknownRevision, `no branch, tag or ref "main~1"; there is main`},
		"0000000":                 {source.ErrUnknownRevision, `"0000000"`},
		strings.Repeat("0a", 20):  {source.ErrUnknownRevision, "the server has no commit"},
		"file":                    {source.ErrUnknownRevision, "is a blob, not a commit"},
		"../../../../etc/passwd":  {source.ErrUnknownRevision, "no branch, tag or ref"},
		strings.Repeat("x", 5000): {source.ErrUnknownRevision, "no branch, tag or ref"},
	} {
		_, err := repo.At(name).Fetch(t.Context(), source.Revision{})
		assert.ErrorIs(t, err, c.err, name)
		assert.ErrorContains(t, err, c.text)
	}
}

func TestAbbreviationOfTwoCommits(t *testing.T) {
	r := gitserver.New()
	by := map[string]int{}
	clash := ""
	for i := 0; clash == ""; i++ {
		h := r.Push("main", map[string]gitserver.File{"n": gitserver.Text("x")}).String()[:4]
		if by[h]++; by[h] > 1 {
			clash = h
		}
	}
	_, err := open(t, web(t, r), nil).At(clash).Fetch(t.Context(), source.Revision{})
	assert.ErrorIs(t, err, source.ErrAmbiguousRevision)
	assert.ErrorContains(t, err, "2 commits begin with "+clash)
}

func TestEmptyRepository(t *testing.T) {
	_, err := open(t, web(t, gitserver.New()), nil).At("main").Fetch(t.Context(), source.Revision{})
	assert.ErrorIs(t, err, source.ErrUnknownRevision)
	assert.ErrorContains(t, err, "the repository is empty")
	r := gitserver.New()
	r.Push("other", many(1))
	_, err = open(t, web(t, r), nil).At("").Fetch(t.Context(), source.Revision{})
	assert.ErrorIs(t, err, source.ErrUnknownRevision)
}

// A commit that no name leads to directly is asked for by hash where that is allowed, and searched in the history elsewhere.
func TestCommitByHash(t *testing.T) {
	for _, reachable := range []bool{true, false} {
		r := gitserver.New()
		r.Reachable = reachable
		old := r.Push("main", many(4))
		for i := range 5 {
			r.Push("main", many(5+i))
		}
		lost := r.Commit(many(1))
		repo := open(t, web(t, r), nil)
		s := fetch(t, repo.At(old.String()), source.Revision{})
		assert.NotEmpty(t, read(t, s, "app-03/deploy.yaml"))
		log := r.Log()
		require.Len(t, log, 2)
		if reachable {
			assert.Equal(t, 1, log[1].Depth)
			assert.Equal(t, 1+1+4*2, log[1].Objects)
		} else {
			assert.Equal(t, 0, log[1].Depth)
		}
		_, err := repo.At(lost.String()).Fetch(t.Context(), source.Revision{})
		assert.ErrorIs(t, err, source.ErrUnknownRevision)
	}
}

func TestServerThatCannotCutTheHistory(t *testing.T) {
	r := gitserver.New()
	r.NoShallow = true
	for i := range 4 {
		r.Push("main", many(i+1))
	}
	repo := open(t, web(t, r), nil)
	fetch(t, repo.At("main"), source.Revision{})
	h := r.Push("main", many(9))
	s := fetch(t, repo.At("main"), source.Revision{})
	assert.Equal(t, h.String(), s.Commit.ID)
	assert.NotEmpty(t, read(t, s, "app-08/deploy.yaml"))
	for _, e := range r.Log() {
		assert.Zero(t, e.Depth)
	}
}
