package kubectl_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

// testCase is a file of testdata: commands, the files that they read, and the transcript that they left on the real control
// plane.
type testCase struct {
	name     string
	path     string
	archive  *txtar.Archive
	commands []string
	want     string
}

func cases(t *testing.T) []testCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var out []testCase
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(t, err)
		c := testCase{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, archive: archive}
		for _, f := range archive.Files {
			switch f.Name {
			case "commands":
				for line := range strings.Lines(string(f.Data)) {
					if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
						c.commands = append(c.commands, line)
					}
				}
			case "transcript":
				c.want = string(f.Data)
			}
		}
		require.NotEmpty(t, c.commands, path)
		out = append(out, c)
	}
	return out
}

// unpack writes the files of a case into a directory.
func (c testCase) unpack(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range c.archive.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, f.Data, 0o644))
	}
	return dir
}

// run plays the commands and returns the transcript: each command, what it printed, and how it ended. One that begins with
// "eventually" is repeated while it fails: the real server publishes the documents of a definition when it gets to it.
func (c testCase) run(t *testing.T, k kubectl) string {
	t.Helper()
	k.dir = c.unpack(t)
	var b strings.Builder
	for _, line := range c.commands {
		command, patient := strings.CutPrefix(line, "eventually ")
		output := k.run(t, command)
		for tries := 0; patient && tries < 100 && strings.Contains(output, "\n(exit "); tries++ {
			output = k.run(t, command)
		}
		fmt.Fprintf(&b, "$ %s\n%s", line, output)
	}
	return b.String()
}

// save stores a transcript.
func (c testCase) save(t *testing.T, transcript string) {
	t.Helper()
	for i, f := range c.archive.Files {
		if f.Name == "transcript" {
			c.archive.Files[i].Data = []byte(transcript)
			require.NoError(t, os.WriteFile(c.path, txtar.Format(c.archive), 0o644))
			return
		}
	}
	c.archive.Files = append(c.archive.Files, txtar.File{Name: "transcript", Data: []byte(transcript)})
	require.NoError(t, os.WriteFile(c.path, txtar.Format(c.archive), 0o644))
}

// words splits a command at blanks outside of single quotes.
func words(command string) []string {
	var out []string
	word, started, quoted := "", false, false
	for _, r := range command {
		switch {
		case r == '\'':
			quoted, started = !quoted, true
		case r == ' ' && !quoted:
			if started {
				out = append(out, word)
			}
			word, started = "", false
		default:
			word += string(r)
			started = true
		}
	}
	if started {
		out = append(out, word)
	}
	return out
}
