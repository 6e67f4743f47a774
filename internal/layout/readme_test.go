package layout_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var fence = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// dedent removes the tabs that every non-empty line starts with.
func dedent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for {
		for _, line := range lines {
			if line != "" && line[0] != '\t' {
				return strings.Join(lines, "\n")
			}
		}
		for i, line := range lines {
			lines[i] = strings.TrimPrefix(line, "\t")
		}
	}
}

// Every piece of Go in the README stands, byte for byte but for indentation, in code that the tests compile and run.
func TestReadmeShowsRealCode(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	var sources []string
	require.NoError(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		example := strings.HasSuffix(path, "example_test.go") || strings.Contains(path, "/examples/") && strings.HasSuffix(path, ".go")
		if !d.IsDir() && example {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sources = append(sources, string(data))
		}
		return nil
	}))
	fences := fence.FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, fences)
	for _, f := range fences {
		want := dedent(f[1])
		found := false
		for _, source := range sources {
			// A piece of a function is indented by some number of tabs where it stands.
			for indent := ""; len(indent) < 4 && !found; indent += "\t" {
				indented := strings.ReplaceAll(indent+strings.ReplaceAll(want, "\n", "\n"+indent), "\n"+indent+"\n", "\n\n")
				found = strings.Contains("\n"+source, "\n"+indented+"\n")
			}
		}
		require.True(t, found, "the README shows Go that is in no example:\n%s", f[1])
	}
}
