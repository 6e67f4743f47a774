package git_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

// web serves a repository over http.
func web(t *testing.T, r *gitserver.Repo) string {
	t.Helper()
	s := httptest.NewServer(r.Handler())
	t.Cleanup(s.Close)
	return s.URL + "/team/apps.git"
}

func open(t *testing.T, url string, opts *git.Options) *git.Repository {
	t.Helper()
	r, err := git.Open(url, opts)
	require.NoError(t, err)
	return r
}

func fetch(t *testing.T, f source.Fetcher, at source.Revision) *source.Snapshot {
	t.Helper()
	s, err := f.Fetch(t.Context(), at)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func read(t *testing.T, s *source.Snapshot, name string) string {
	t.Helper()
	content, err := fs.ReadFile(s.FS, name)
	require.NoError(t, err)
	return string(content)
}

// listen serves on a loopback port until the test ends.
func listen(t *testing.T, serve func(net.Listener)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() { serve(l) })
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// many returns n files with content of their own.
func many(n int) map[string]gitserver.File {
	files := map[string]gitserver.File{}
	for i := range n {
		files[fmt.Sprintf("app-%02d/deploy.yaml", i)] = gitserver.Text(string(bytes.Repeat([]byte{byte('a' + i%26)}, 500)) + fmt.Sprint(i))
	}
	return files
}

// guarded asks for a user and a password, or a token.
func guarded(next http.Handler, user, password, token string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, p, _ := r.BasicAuth()
		if (user != "" && u == user && p == password) || (token != "" && r.Header.Get("Authorization") == "Bearer "+token) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", "Basic")
		http.Error(w, "no: "+r.Header.Get("Authorization"), http.StatusUnauthorized)
	})
}
