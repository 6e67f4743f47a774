package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// stand is a server behind a socket, a kubeconfig for it, and a folder of manifests that is in sync with it. In the namespace
// guarded everything is forbidden.
type stand struct {
	t          *testing.T
	server     *memory.Server
	kubeconfig string
	folder     string
	// fatal is a part of a path: the first request for one ends the server, and it answers nothing any more.
	fatal atomic.Pointer[string]
	gone  atomic.Bool
}

const alpha = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alpha}\ndata: {key: one}\n"
const beta = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beta}\ndata: {key: two}\n"

func newStand(t *testing.T) *stand {
	guarded := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "guarded"},
	}}
	server, err := memory.New(&memory.Options{Objects: []*unstructured.Unstructured{guarded}})
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	s := &stand{t: t, server: server, folder: t.TempDir(), kubeconfig: filepath.Join(t.TempDir(), "config")}
	socket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fatal := s.fatal.Load(); fatal != nil && strings.Contains(r.URL.Path, *fatal) {
			s.gone.Store(true)
		}
		if s.gone.Load() {
			panic(http.ErrAbortHandler)
		}
		if strings.Contains(r.URL.Path, "/namespaces/guarded/") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"configmaps is forbidden: User \"test\" cannot do that in the namespace \"guarded\""}`)
			return
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(socket.Close)
	t.Cleanup(socket.CloseClientConnections)
	require.NoError(t, os.WriteFile(s.kubeconfig, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: %q}}]
users: [{name: test, user: {token: bearer-s3cret}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
`, socket.URL), 0o600))
	s.write("alpha.yaml", alpha)
	s.write("beta.yaml", beta)
	code, _, errOut := s.run()
	require.Zero(t, code, errOut)
	return s
}

func (s *stand) write(name, content string) {
	require.NoError(s.t, os.WriteFile(filepath.Join(s.folder, name), []byte(content), 0o600))
}

func (s *stand) run(args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	args = append([]string{"-repo", s.folder, "-kubeconfig", s.kubeconfig, "-prune", "-patience", "1s"}, args...)
	code = run(s.t.Context(), args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// deletes returns what was deleted.
func (s *stand) deletes() []string {
	var out []string
	for _, r := range s.server.Requests() {
		if strings.HasPrefix(r.Verb, "delete") {
			out = append(out, r.Path)
		}
	}
	return out
}

func TestFaultsAreNamedAndPruneNothing(t *testing.T) {
	for _, test := range []struct {
		name string
		// prepare breaks something; what it returns is added to the arguments.
		prepare func(s *stand) []string
		says    []string
	}{
		{"unreachable repository", func(s *stand) []string {
			return []string{"-repo", "http://bob:hunter2-s3cret@127.0.0.1:1/apps.git"}
		}, []string{"127.0.0.1:1/apps.git", "unreachable"}},
		{"unauthorised repository", func(s *stand) []string {
			guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("WWW-Authenticate", `Basic realm="apps"`)
				w.WriteHeader(http.StatusUnauthorized)
			}))
			s.t.Cleanup(guarded.Close)
			return []string{"-repo", strings.Replace(guarded.URL, "://", "://bob:hunter2-s3cret@", 1) + "/apps.git"}
		}, []string{"/apps.git", "not authorised"}},
		{"unknown revision", func(s *stand) []string {
			repo, err := newRepository(s.t.TempDir())
			require.NoError(s.t, err)
			require.NoError(s.t, repo.commit("first", "first"))
			return []string{"-repo", repo.dir, "-revision", "no-such-branch"}
		}, []string{"no-such-branch", "unknown revision"}},
		{"missing path", func(s *stand) []string { return []string{"-path", "nowhere"} }, []string{"nowhere", "not exist"}},
		{"empty path", func(s *stand) []string {
			require.NoError(s.t, os.Mkdir(filepath.Join(s.folder, "empty"), 0o700))
			return []string{"-path", "empty"}
		}, []string{"empty", "no manifests"}},
		{"broken YAML", func(s *stand) []string {
			s.write("broken.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken\n")
			return nil
		}, []string{"broken.yaml:", "syntax error"}},
		{"no kind", func(s *stand) []string {
			s.write("odd.yaml", "---\napiVersion: v1\nmetadata: {name: odd}\n")
			return nil
		}, []string{"odd.yaml:2", "kind"}},
		{"no name", func(s *stand) []string {
			s.write("odd.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n")
			return nil
		}, []string{"odd.yaml:1", "name"}},
		{"the same object twice", func(s *stand) []string {
			s.write("again.yaml", "# a copy\n"+alpha)
			return nil
		}, []string{"ConfigMap", "alpha", "again.yaml:2", "alpha.yaml:1"}},
		{"unknown kind", func(s *stand) []string {
			s.write("gadget.yaml", "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: first}\n")
			return nil
		}, []string{"Gadget.example.com", "first", "gadget.yaml:1", "no such kind"}},
		{"missing namespace", func(s *stand) []string {
			s.write("far.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far, namespace: away}\n")
			return nil
		}, []string{"away/far", "far.yaml:1", "namespace"}},
		{"forbidden namespace", func(s *stand) []string {
			s.write("far.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far, namespace: guarded}\n")
			return nil
		}, []string{"ConfigMap guarded/far", "far.yaml:1", "forbidden"}},
		{"conflict", func(s *stand) []string {
			client, err := kube.FromKubeconfig(s.kubeconfig, "", nil)
			require.NoError(s.t, err)
			_, err = client.Patch(s.t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "alpha"}, cluster.Patch{
				Type: types.MergePatchType, Data: []byte(`{"data":{"key":"mine"}}`),
			}, cluster.WriteOptions{Manager: "helm"})
			require.NoError(s.t, err)
			return nil
		}, []string{"ConfigMap default/alpha", "alpha.yaml:1", `conflict with "helm"`, ".data.key"}},
		{"server goes away in mid-sync", func(s *stand) []string {
			s.write("gamma.yaml", strings.ReplaceAll(alpha, "alpha", "gamma"))
			last := "/configmaps/gamma"
			s.fatal.Store(&last)
			return nil
		}, []string{"apply ConfigMap default/gamma (gamma.yaml:1)", "server unavailable"}},
		{"no server", func(s *stand) []string {
			s.gone.Store(true)
			return nil
		}, []string{"server unavailable"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			args := test.prepare(s)
			// What is at stake: beta has left the desired state, and would be pruned were all well.
			require.NoError(t, os.Remove(filepath.Join(s.folder, "beta.yaml")))
			code, out, errOut := s.run(args...)
			t.Log(errOut)
			assert.Equal(t, 1, code, out)
			for _, part := range test.says {
				assert.Contains(t, errOut, part)
			}
			assert.NotContains(t, out+errOut, "s3cret")
			assert.Empty(t, s.deletes(), "nothing may be pruned")
		})
	}
}

func TestWrongFlags(t *testing.T) {
	for _, args := range [][]string{{"-prune"}, {"-repo", ".", "-plan", "-watch"}, {"-nonsense"}, {"stray"}} {
		var out, errOut bytes.Buffer
		assert.Equal(t, 2, run(t.Context(), args, &out, &errOut), args)
		assert.NotEmpty(t, errOut.String())
	}
}

// What is wrong with a flag is said once, and the list of flags comes to those who ask for it.
func TestWrongFlagIsToldOnce(t *testing.T) {
	for arg, want := range map[string]string{
		"-nonsense":     "quickstart: flag provided but not defined: -nonsense; -h lists the flags\n",
		"-deadline=x":   "quickstart: invalid value \"x\" for flag -deadline: parse error; -h lists the flags\n",
		"-prune=banana": "quickstart: invalid boolean value \"banana\" for -prune: parse error; -h lists the flags\n",
	} {
		var out, errOut bytes.Buffer
		assert.Equal(t, 2, run(t.Context(), []string{arg}, &out, &errOut), arg)
		assert.Equal(t, want, errOut.String())
		assert.Empty(t, out.String())
	}
	var out, errOut bytes.Buffer
	assert.Equal(t, 0, run(t.Context(), []string{"-h"}, &out, &errOut))
	assert.Equal(t, 1, strings.Count(errOut.String(), "  -prune\n"))
	assert.True(t, strings.HasPrefix(errOut.String(), "Usage of quickstart:\n"))
}
