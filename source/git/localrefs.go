package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/setpoint-dev/setpoint/source"
)

// refFile is the content of one file: a hash, or the name of another ref.
type refFile struct {
	hash plumbing.Hash
	link string
}

// refs reads the refs of a repository that others may write to: loose ones before packed ones, as packing moves them in
// that direction, and those that a name may mean once more by name, as a listing may miss a file that is being replaced.
// go-git's reader takes Git's lock files for refs and fails as a whole for one ref that cannot be read, so this is not it.
func (l *local) refs(name string) (*refs, error) {
	files := map[string]refFile{}
	var broken []string
	root := filepath.Join(l.commonDir, "refs")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: its refs: %v", source.ErrCorrupt, err)
		}
		below, err := filepath.Rel(l.commonDir, path)
		if err != nil || d.IsDir() {
			return err
		}
		// A broken ref concerns only those that ask for it.
		if l.read(filepath.ToSlash(below), files) != nil {
			broken = append(broken, filepath.ToSlash(below))
		}
		return nil
	})
	if err == nil {
		err = l.read("HEAD", files)
	}
	for _, candidate := range []string{name, "refs/" + name, "refs/heads/" + name, "refs/tags/" + name, files["HEAD"].link} {
		if err == nil {
			err = l.read(candidate, files)
		}
	}
	if err != nil {
		return nil, err
	}
	r := &refs{byName: map[string]plumbing.Hash{}, peeled: map[string]plumbing.Hash{}, broken: broken}
	if err := l.packed(r); err != nil {
		return nil, err
	}
	for name, f := range files {
		delete(r.peeled, name)
		if f.link == "" {
			r.byName[name] = f.hash
		}
	}
	for name, f := range files {
		to := f.link
		for range 5 {
			if next := files[to].link; next != "" {
				to = next
			}
		}
		if h, ok := r.byName[to]; ok && to != "" {
			r.byName[name] = h
		}
	}
	r.head, r.headHash = files["HEAD"].link, r.byName["HEAD"]
	delete(r.byName, "HEAD")
	return r, nil
}

// read adds the ref in a file, if there is one.
func (l *local) read(name string, to map[string]refFile) error {
	if name != "HEAD" && !strings.HasPrefix(name, "refs/") || strings.HasSuffix(name, ".lock") || !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil
	}
	dir := l.commonDir
	if name == "HEAD" {
		dir = l.gitDir
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	// Git replaces the file, but other programs write into it, and then it is empty for a moment.
	empty := false
	for range 3 {
		content, err := os.ReadFile(path)
		if err != nil {
			if info, serr := os.Stat(path); serr != nil || info.IsDir() {
				return nil // a name that is too long, a directory, or gone: no ref
			}
			return fmt.Errorf("%w: %s cannot be read", source.ErrUnauthorized, name)
		}
		line := strings.TrimSpace(string(content))
		empty = line == ""
		if link, ok := strings.CutPrefix(line, "ref:"); ok {
			to[name] = refFile{link: strings.TrimSpace(link)}
			return nil
		}
		if hash, _, _ := strings.Cut(line, " "); plumbing.IsHash(hash) {
			to[name] = refFile{hash: plumbing.NewHash(hash)}
			return nil
		}
	}
	if empty {
		return fmt.Errorf("%w: %s is empty; its writer may be at work, or have died", source.ErrUnstable, name)
	}
	return fmt.Errorf("%w: %s holds neither a hash nor a name", source.ErrCorrupt, name)
}

// packed reads the refs that share a file.
func (l *local) packed(r *refs) error {
	content, err := os.ReadFile(filepath.Join(l.commonDir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: packed-refs cannot be read", source.ErrUnauthorized)
	}
	last := ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		peeled, isPeeled := strings.CutPrefix(line, "^")
		hash, name, _ := strings.Cut(peeled, " ")
		if !plumbing.IsHash(hash) {
			return fmt.Errorf("%w: packed-refs", source.ErrCorrupt)
		}
		if isPeeled {
			r.peeled[last] = plumbing.NewHash(hash)
			continue
		}
		last = name
		r.byName[name] = plumbing.NewHash(hash)
	}
	return nil
}
