package kubectl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kubectl is a binary together with the server that it talks to.
type kubectl struct {
	path string
	env  []string
	// kubeconfig is that of an administrator.
	kubeconfig string
	namespace  string
	dir        string
}

// compiled is the kubectl that this test binary is.
func compiled(t *testing.T) kubectl {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return kubectl{path: path, env: []string{asKubectl + "=1"}}
}

// installed is the kubectl of the machine.
func installed(t *testing.T) kubectl {
	t.Helper()
	path, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skipf("no kubectl is installed: %v", err)
	}
	return kubectl{path: path}
}

// run runs a command line that begins with "kubectl" in the case's directory, and returns what it printed, errors marked,
// and its exit code unless that is 0.
func (k kubectl) run(t *testing.T, command string) string {
	t.Helper()
	args := words(command)
	require.Equal(t, "kubectl", args[0], "%q", command)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, k.path, append([]string{"--kubeconfig", k.kubeconfig, "--namespace", k.namespace}, args[1:]...)...)
	cmd.Dir = k.dir
	cmd.Env = append([]string{"HOME=" + filepath.Join(k.dir, "home"), "PATH=" + os.Getenv("PATH"), "TZ=UTC"}, k.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err, "%q", command)
	}
	var b strings.Builder
	b.WriteString(mask(stdout.String(), k.namespace))
	for line := range strings.Lines(mask(stderr.String(), k.namespace)) {
		b.WriteString("! " + line)
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		fmt.Fprintf(&b, "(exit %d)\n", code)
	}
	return b.String()
}
