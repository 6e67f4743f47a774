package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git/internal/objects"
)

// local is a repository in a directory of this machine, read where it is: no process is started and nothing is written.
type local struct {
	gitDir, commonDir string
	disk              *objects.Disk
	audit             *objects.Audit
}

// openLocal finds the Git directory of a work tree, a linked work tree or a bare repository.
func openLocal(path string, maxEntries int) (*local, error) {
	gitDir, err := findGitDir(path)
	if err != nil {
		return nil, err
	}
	l := &local{gitDir: gitDir, commonDir: gitDir}
	if content, err := os.ReadFile(filepath.Join(gitDir, "commondir")); err == nil {
		l.commonDir = relativeTo(gitDir, string(bytes.TrimSpace(content)))
	}
	if err := supported(l.commonDir); err != nil {
		return nil, err
	}
	if l.disk, err = objects.OpenDisk(l.commonDir); err != nil {
		return nil, err
	}
	l.audit = &objects.Audit{Store: l.disk, Limit: maxEntries}
	return l, nil
}

func findGitDir(path string) (string, error) {
	none := func(why string) error { return fmt.Errorf("%w: %s", source.ErrNotRepository, why) }
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("%w: permission denied", source.ErrUnauthorized)
	case err != nil:
		return "", none("no such directory")
	case !info.IsDir():
		return "", none("not a directory")
	}
	dot := filepath.Join(path, ".git")
	info, err = os.Stat(dot)
	switch {
	case err == nil && info.IsDir():
		return dot, nil
	case err == nil:
		content, err := os.ReadFile(dot)
		if err != nil {
			return "", fmt.Errorf("%w: .git cannot be read", source.ErrUnauthorized)
		}
		to, ok := strings.CutPrefix(strings.TrimSpace(string(content)), "gitdir: ")
		if !ok {
			return "", none(".git is a file that names no directory")
		}
		dot = relativeTo(path, to)
		if _, err := os.Stat(filepath.Join(dot, "HEAD")); err != nil {
			return "", none("the directory that .git names is not there")
		}
		return dot, nil
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("%w: permission denied", source.ErrUnauthorized)
	}
	for _, must := range []string{"HEAD", "objects"} {
		if _, err := os.Stat(filepath.Join(path, must)); err != nil {
			return "", none("the directory has no .git and is no bare repository; name the repository's root")
		}
	}
	return path, nil
}

func relativeTo(dir, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// supported refuses formats that would be misread.
func supported(gitDir string) error {
	content, err := os.ReadFile(filepath.Join(gitDir, "config"))
	if err != nil {
		return nil // Git does not need one either.
	}
	c := config.NewConfig()
	if err := c.Unmarshal(content); err != nil {
		return fmt.Errorf("%w: its config cannot be read: %v", source.ErrNotRepository, err)
	}
	extensions := c.Raw.Section("extensions")
	if format := extensions.Option("objectFormat"); format != "" && !strings.EqualFold(format, "sha1") {
		return fmt.Errorf("%w: its object format %s is not supported, only sha1 is", source.ErrNotRepository, format)
	}
	if refs := extensions.Option("refStorage"); refs != "" && !strings.EqualFold(refs, "files") {
		return fmt.Errorf("%w: its ref storage %s is not supported, only files is; see git refs migrate", source.ErrNotRepository, refs)
	}
	return nil
}

func (l *local) content() objects.Store { return l.disk }

func (l *local) resolve(ctx context.Context, name string) (plumbing.Hash, error) {
	if ctx.Err() != nil {
		return plumbing.ZeroHash, context.Cause(ctx)
	}
	if plumbing.IsHash(name) {
		return l.commit(plumbing.NewHash(name))
	}
	r, err := l.refs(name)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	t, err := r.resolve(name)
	if errors.Is(err, errAbbreviated) {
		return l.complete(r, strings.ToLower(name))
	}
	if err != nil {
		return plumbing.ZeroHash, err
	}
	commit, err := l.commit(t.commit)
	if errors.Is(err, source.ErrUnknownRevision) && !l.disk.Has(commit) {
		err = fmt.Errorf("%w: the ref names %s, which is missing", source.ErrCorrupt, commit)
	}
	return commit, err
}

// commit peels a hash to a commit that must be there.
func (l *local) commit(h plumbing.Hash) (plumbing.Hash, error) {
	commit, err := objects.Peel(l.disk, h)
	if err == nil && !l.disk.Has(commit) {
		err = fmt.Errorf("%w: there is no commit %s", source.ErrUnknownRevision, commit)
	}
	return commit, err
}

// complete finds the one commit whose hash begins with some digits.
func (l *local) complete(r *refs, hex string) (plumbing.Hash, error) {
	found, err := l.disk.Prefixed(hex)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	var commits []plumbing.Hash
	for _, h := range found {
		if o, err := l.disk.Get(h); err != nil {
			return plumbing.ZeroHash, err
		} else if o.Kind == plumbing.CommitObject {
			commits = append(commits, h)
		}
	}
	return only(r, hex, commits)
}

// only picks the commit of an abbreviation, or says why none can be.
func only(r *refs, hex string, commits []plumbing.Hash) (plumbing.Hash, error) {
	plumbing.HashesSort(commits)
	switch commits = slices.Compact(commits); len(commits) {
	case 0:
		return plumbing.ZeroHash, r.unknown(hex)
	case 1:
		return commits[0], nil
	}
	return plumbing.ZeroHash, fmt.Errorf("%w: %d commits begin with %s, among them %s and %s", source.ErrAmbiguousRevision, len(commits), hex, commits[0], commits[1])
}

func (l *local) obtain(ctx context.Context, name string, want plumbing.Hash) (plumbing.Hash, error) {
	var err error
	if want.IsZero() {
		want, err = l.resolve(ctx, name)
	} else {
		want, err = l.commit(want)
	}
	if err != nil {
		return want, err
	}
	o, err := objects.Need(l.disk, want, plumbing.CommitObject)
	if err != nil {
		return want, err
	}
	c, err := objects.ParseCommit(want, o.Data)
	if err != nil {
		return want, err
	}
	return want, l.audit.Check(c.Tree)
}

func (l *local) release(plumbing.Hash) {}
