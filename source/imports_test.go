package source_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The packages of source compile nothing of Kubernetes, and git alone compiles a Git implementation.
func TestImports(t *testing.T) {
	const module = "github.com/setpoint-dev/setpoint/"
	common := []string{module + "source"}
	for pkg, allowed := range map[string][]string{
		"source":     {},
		"source/dir": {},
		"source/git": {
			"github.com/go-git/", "github.com/Masterminds/semver/", "golang.org/x/crypto/", "golang.org/x/net/", "golang.org/x/sys/",
			"github.com/cyphar/filepath-securejoin", "github.com/jbenet/go-context",
			"github.com/pjbgf/sha1cd", "gopkg.in/warnings.v0",
		},
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+pkg).CombinedOutput()
		require.NoError(t, err, "%s", out)
		for _, dep := range strings.Fields(string(out)) {
			ok := false
			for _, prefix := range append(common, allowed...) {
				ok = ok || strings.HasPrefix(dep, prefix)
			}
			assert.True(t, ok, "%s compiles %s; go mod why says by which path", pkg, dep)
		}
	}
}
