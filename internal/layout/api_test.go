package layout_test

import (
	"flag"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite internal/api.txt")

const apiFile = "../api.txt"

const apiHeader = `# The exported API, as "go doc -all" prints it less the prose. A commit that changes this file says why.
# Rewrite: go test ./internal/layout -run TestExportedAPI -update
`

var (
	// heading matches the section titles of go doc.
	heading = regexp.MustCompile(`^(CONSTANTS|VARIABLES|FUNCTIONS|TYPES)$`)
	// trailing matches a comment behind a declaration.
	trailing = regexp.MustCompile(`\s+// .*$`)
)

// declarations returns what go doc prints of a package without comments: prose is indented by four spaces or a comment of
// its own, and the package comment ends at the first section title.
func declarations(doc string) string {
	var b strings.Builder
	started := false
	for line := range strings.Lines(doc) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimSpace(line)
		switch {
		case heading.MatchString(line):
			started = true
		case !started, trimmed == "", strings.HasPrefix(line, "    "), strings.HasPrefix(trimmed, "//"):
		default:
			b.WriteString(trailing.ReplaceAllString(line, "") + "\n")
		}
	}
	return b.String()
}

func TestExportedAPI(t *testing.T) {
	var b strings.Builder
	b.WriteString(apiHeader)
	for _, name := range public(t) {
		cmd := exec.CommandContext(t.Context(), "go", "doc", "-all", path.Join(module, name))
		cmd.Dir = "../.."
		out, err := cmd.Output()
		require.NoError(t, err)
		if text := declarations(string(out)); text != "" {
			b.WriteString("\n== " + name + "\n" + text)
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(apiFile, []byte(b.String()), 0o644))
		return
	}
	want, err := os.ReadFile(apiFile)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "the exported API changed; if that is meant, run the command in the file's head")
}
