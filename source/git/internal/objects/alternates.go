package objects

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/setpoint-dev/setpoint/source"
)

// maxAlternates bounds how many object directories one repository borrows from.
const maxAlternates = 64

// alternates reads which other Git directories an object directory borrows from, gitrepository-layout(5).
func alternates(objects string) ([]string, error) {
	content, err := os.ReadFile(filepath.Join(objects, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: objects/info/alternates cannot be read", source.ErrCorrupt)
	}
	var dirs []string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		dir := filepath.FromSlash(line)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(objects, dir)
		}
		if filepath.Base(dir) != "objects" {
			return nil, fmt.Errorf("%w: the alternate %s is not a directory named objects", source.ErrNotRepository, dir)
		}
		dirs = append(dirs, filepath.Dir(dir))
	}
	return dirs, nil
}
