package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
)

//go:embed demo
var demo embed.FS

// repository is a Git repository that the story commits to, with a work tree in a folder.
type repository struct {
	dir string
	git *git.Repository
}

func newRepository(dir string) (*repository, error) {
	g, err := git.PlainInit(dir, false)
	if err != nil {
		return nil, fmt.Errorf("create repository: %w", err)
	}
	return &repository{dir: dir, git: g}, nil
}

// commit makes the work tree equal to a folder of the embedded demo and commits it.
func (r *repository) commit(folder, message string) error {
	if err := os.RemoveAll(filepath.Join(r.dir, "shop")); err != nil {
		return err
	}
	tree, err := fs.Sub(demo, path.Join("demo", folder))
	if err != nil {
		return err
	}
	if err := os.CopyFS(r.dir, tree); err != nil {
		return err
	}
	work, err := r.git.Worktree()
	if err != nil {
		return err
	}
	if err := work.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		return err
	}
	author := &object.Signature{Name: "Ada", Email: "ada@example.com", When: time.Now()}
	_, err = work.Commit(message, &git.CommitOptions{Author: author})
	return err
}
