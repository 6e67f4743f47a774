package dir

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"

	"github.com/setpoint-dev/setpoint/source/internal/tree"
)

// node is a file, a link or a directory in memory.
type node struct {
	content []byte
	entries []tree.Node[*node]
	digest  string
}

// Digest returns "sha256:…" over the content of a file, the target of a link or the listing of a directory.
func (n *node) Digest() string { return n.digest }

func leaf(content []byte) *node {
	sum := sha256.Sum256(content)
	return &node{content: content, digest: "sha256:" + hex.EncodeToString(sum[:])}
}

// branch hashes a listing: one line an entry, the name last and quoted, so that no two listings share their bytes.
func branch(entries []tree.Node[*node]) *node {
	sum := sha256.New()
	for _, e := range entries {
		kind := "file"
		switch {
		case e.Mode.IsDir():
			kind = "dir"
		case e.Mode.Type() == fs.ModeSymlink:
			kind = "link"
		case e.Mode&0o111 != 0:
			kind = "exec"
		}
		fmt.Fprintf(sum, "%s %s %q\n", kind, e.Key.digest, e.Name)
	}
	return &node{entries: entries, digest: "sha256:" + hex.EncodeToString(sum.Sum(nil))}
}

// store answers from the nodes themselves.
type store struct{}

func (store) List(dir *node) ([]tree.Node[*node], error) { return dir.entries, nil }
func (store) Read(n *node) ([]byte, error)               { return n.content, nil }
func (store) Size(n *node) (int64, error)                { return int64(len(n.content)), nil }
func (store) Sys(n *node) any                            { return n }
