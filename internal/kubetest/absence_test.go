//go:build unix

package kubetest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// TestWithoutControlPlane runs tests of this binary in environments that lack something, and reads their verdicts.
func TestWithoutControlPlane(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	const alone, own = "TestAPIServerAlone", "TestStopAndRestart"
	empty := func(t *testing.T) []string {
		return []string{"PATH=", "HOME=" + t.TempDir(), "XDG_CACHE_HOME=" + t.TempDir()}
	}
	for _, test := range []struct {
		name, run string
		args      []string
		env       func(t *testing.T) []string
		fails     bool
		says      string
	}{
		{name: "short", run: alone, args: []string{"-test.short"}, says: "left out with -short"},
		{name: "no go command", run: alone, env: empty, says: "the control plane cannot be built here"},
		{name: "no go command in CI", run: alone, fails: true, says: "the control plane cannot be built here",
			env: func(t *testing.T) []string { return append(empty(t), "CI=true") }},
		{name: "another process builds for too long", run: alone, args: []string{"-test.timeout=21s"}, fails: true, says: "use go test -timeout 30m",
			env: func(t *testing.T) []string {
				cache := t.TempDir()
				require.NoError(t, os.Mkdir(filepath.Join(cache, "setpoint"), 0o755))
				unlock, err := kubetest.Lock(t.Context(), filepath.Join(cache, "setpoint", "controlplane.lock"))
				require.NoError(t, err)
				t.Cleanup(unlock)
				return []string{"XDG_CACHE_HOME=" + cache, "HOME=" + cache}
			}},
		{name: "no room for its folder", run: alone, fails: true, says: "no control plane: ",
			env: func(*testing.T) []string { return []string{"TMPDIR=/does/not/exist"} }},
		{name: "a part that does not start", run: alone, fails: true, says: "--- the end of egress.log ---",
			env: func(t *testing.T) []string { // a socket's path has about a hundred bytes at most
				long := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
				require.NoError(t, os.Mkdir(long, 0o755))
				return []string{"TMPDIR=" + long}
			}},
		{name: "existing cluster", run: alone, says: "--- PASS: TestAPIServerAlone",
			env: func(*testing.T) []string { return []string{"SETPOINT_TEST_KUBECONFIG=" + cluster.Kubeconfig()} }},
		{name: "existing cluster, own one needed", run: own, says: "SETPOINT_TEST_KUBECONFIG names an existing cluster",
			env: func(*testing.T) []string { return []string{"SETPOINT_TEST_KUBECONFIG=" + cluster.Kubeconfig()} }},
		{name: "existing cluster that does not exist", run: alone, fails: true, says: "read the cluster of SETPOINT_TEST_KUBECONFIG",
			env: func(*testing.T) []string { return []string{"SETPOINT_TEST_KUBECONFIG=/does/not/exist"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"-test.v", "-test.run=^" + test.run + "$"}, test.args...)...)
			cmd.Env = append(os.Environ(), "CI=", "SETPOINT_TEST_KUBECONFIG=")
			if test.env != nil {
				cmd.Env = append(cmd.Env, test.env(t)...)
			}
			output, err := cmd.CombinedOutput()
			assert.Equal(t, test.fails, err != nil, "%s", output)
			assert.Contains(t, string(output), test.says)
		})
	}
}

// TestCompile tells code that does not compile from a machine that cannot fetch its modules.
func TestCompile(t *testing.T) {
	const module = "module example.com/m\n\ngo 1.26\n"
	for _, test := range []struct {
		name, mod, code  string
		builds, possible bool
	}{
		{"good", module, "package main\n\nfunc main() {}\n", true, true},
		{"broken", module, "package main\n\nfunc main() {\n", false, true},
		{"offline", module + "require example.com/unknown v1.0.0\n", "package main\n\nimport _ \"example.com/unknown\"\n\nfunc main() {}\n", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("GOPROXY", "off")
			dir, binary := t.TempDir(), filepath.Join(t.TempDir(), "binary")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(test.mod), 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(test.code), 0o644))
			sum := "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
			sums := "example.com/unknown v1.0.0 " + sum + "example.com/unknown v1.0.0/go.mod " + sum
			require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), []byte(sums), 0o644))
			err := kubetest.Compile(t.Context(), dir, binary)
			if test.builds {
				require.NoError(t, err)
				assert.FileExists(t, binary)
				return
			}
			require.Error(t, err)
			assert.NoFileExists(t, binary)
			assert.Equal(t, !test.possible, errors.Is(err, kubetest.ErrNoBuild), "%v", err)
		})
	}
}

func TestBuildKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "controlplane")
	write := func(name, content string) string {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
		key, err := kubetest.BuildKey(dir)
		require.NoError(t, err)
		return key
	}
	first := write("go.mod", "module m")
	code := write("sub/a.go", "package sub")
	assert.NotEqual(t, first, code)
	assert.Equal(t, code, write("sub/a_test.go", "package sub"), "tests are no part of the binary")
	assert.Equal(t, code, write("README.md", "text"))
	assert.NotEqual(t, code, write("sub/a.go", "package sub // changed"))
	assert.Equal(t, code, write("sub/a.go", "package sub"))
	sums := write("go.sum", "x")
	assert.NotEqual(t, code, sums)
	assert.NotEqual(t, sums, write("../podlife/pod.go", "package podlife"), "the SDK's part of the binary")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "../podlife")))
	require.NoError(t, os.Rename(filepath.Join(dir, "sub"), filepath.Join(dir, "other")))
	moved, err := kubetest.BuildKey(dir)
	require.NoError(t, err)
	assert.NotEqual(t, sums, moved)
}

func TestLockExcludes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := kubetest.Lock(t.Context(), path)
	require.NoError(t, err)

	taken := make(chan func(), 1)
	go func() {
		second, err := kubetest.Lock(t.Context(), path)
		assert.NoError(t, err)
		taken <- second
	}()
	select {
	case <-taken:
		require.Fail(t, "two hold the lock")
	default:
	}
	unlock()
	(<-taken)()
}
