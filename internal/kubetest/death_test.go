//go:build unix

package kubetest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// childVariable tells this test binary, run again by TestNothingOutlivesTheProcess, how to end.
const childVariable = "KUBETEST_CHILD"

// TestNothingOutlivesTheProcess lets a process with a control plane die in several ways. All parts of the control plane
// and its folder have to go with it.
func TestNothingOutlivesTheProcess(t *testing.T) {
	if how := os.Getenv(childVariable); how != "" {
		dieWithControlPlane(how)
	}
	kubetest.Shared(t, nil) // skips where there is none, and builds it
	for _, how := range []string{"return", "panic", "interrupt", "kill"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNothingOutlivesTheProcess$")
			cmd.Env = append(os.Environ(), childVariable+"="+how)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewReader(out)
			dir, pids := readLine(t, lines), readLine(t, lines)
			require.True(t, filepath.IsAbs(dir), dir)

			switch how {
			case "interrupt":
				require.NoError(t, cmd.Process.Signal(os.Interrupt))
			case "kill":
				require.NoError(t, cmd.Process.Kill())
			}
			_, _ = io.Copy(io.Discard, lines)
			_ = cmd.Wait()

			var pid int
			for rest := strings.NewReader(pids); ; {
				if _, err := fmt.Fscan(rest, &pid); err != nil {
					break
				}
				assert.Eventually(t, func() bool { return hasEnded(pid) }, time.Minute, 20*time.Millisecond, "process %d", pid)
			}
			require.NotZero(t, pid)
			assert.Eventually(t, func() bool { _, err := os.Stat(dir); return os.IsNotExist(err) }, time.Minute, 20*time.Millisecond, dir)
		})
	}
}

func dieWithControlPlane(how string) {
	c, err := kubetest.Run(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(c.Dir())
	fmt.Println(strings.Trim(fmt.Sprint(c.Pids()), "[]"))
	switch how {
	case "return":
		os.Exit(0)
	case "panic":
		panic("on request")
	default:
		select {}
	}
}

func readLine(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	require.NoError(t, err, "the child ended: %s", line)
	return strings.TrimSpace(line)
}

// hasEnded reports whether no process has the id, or only a zombie that its new parent has not reaped yet.
func hasEnded(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false // no /proc here: ask again
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}
