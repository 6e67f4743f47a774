package git

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"github.com/setpoint-dev/setpoint/source"
)

// object is a decoded Git object. Its data is shared and not modified.
type object struct {
	kind plumbing.ObjectType
	data []byte
}

// errAbsent is a store's answer for an object that it does not have.
var errAbsent = errors.New("object absent")

// store holds objects. It is safe for concurrent use.
type store interface {
	// get returns an object, or an error that wraps errAbsent or source.ErrCorrupt.
	get(plumbing.Hash) (object, error)
	// size returns the length of an object's data.
	size(plumbing.Hash) (int64, error)
	has(plumbing.Hash) bool
}

// need gets an object of one kind that must be there.
func need(s store, h plumbing.Hash, kind plumbing.ObjectType) (object, error) {
	o, err := s.get(h)
	switch {
	case errors.Is(err, errAbsent):
		return object{}, fmt.Errorf("%w: %s %s is missing", source.ErrCorrupt, kind, h)
	case err != nil:
		return object{}, err
	case o.kind != kind:
		return object{}, fmt.Errorf("%w: %s is a %s and should be a %s", source.ErrCorrupt, h, o.kind, kind)
	}
	return o, nil
}

// treeEntry is one line of a tree object.
type treeEntry struct {
	name string
	mode filemode.FileMode
	hash plumbing.Hash
}

// parseTree decodes a tree object, in its own order. A name that a tree cannot hold makes it damaged.
func parseTree(h plumbing.Hash, data []byte) ([]treeEntry, error) {
	damaged := func(what string) error {
		return fmt.Errorf("%w: tree %s: %s", source.ErrCorrupt, h, what)
	}
	var entries []treeEntry
	seen := make(map[string]bool, bytes.Count(data, []byte{0}))
	for len(data) > 0 {
		head, rest, ok := bytes.Cut(data, []byte{0})
		if !ok || len(rest) < len(plumbing.Hash{}) {
			return nil, damaged("cut short")
		}
		octal, name, ok := strings.Cut(string(head), " ")
		mode, err := strconv.ParseUint(octal, 8, 32)
		if !ok || err != nil {
			return nil, damaged("bad mode")
		}
		if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
			return nil, damaged(fmt.Sprintf("bad name %q", name))
		}
		if seen[name] {
			return nil, damaged(fmt.Sprintf("two entries %q", name))
		}
		seen[name] = true
		e := treeEntry{name: name, mode: filemode.FileMode(mode)}
		data = rest[copy(e.hash[:], rest):]
		entries = append(entries, e)
	}
	return entries, nil
}

// peel follows annotated tags to the commit they name. An object that is not there is returned as it is: whether it is a
// commit shows when it has been fetched.
func peel(s store, h plumbing.Hash) (plumbing.Hash, error) {
	for range 10 {
		o, err := s.get(h)
		if errors.Is(err, errAbsent) {
			return h, nil
		}
		if err != nil {
			return h, err
		}
		switch o.kind {
		case plumbing.CommitObject:
			return h, nil
		case plumbing.TagObject:
			line, _, _ := bytes.Cut(o.data, []byte{'\n'})
			target, ok := bytes.CutPrefix(line, []byte("object "))
			if !ok || !plumbing.IsHash(string(target)) {
				return h, fmt.Errorf("%w: tag %s", source.ErrCorrupt, h)
			}
			h = plumbing.NewHash(string(target))
		default:
			return h, fmt.Errorf("%w: %s is a %s, not a commit", source.ErrUnknownRevision, h, o.kind)
		}
	}
	return h, fmt.Errorf("%w: more than ten tags name each other", source.ErrCorrupt)
}

// digest is a commit's source.Revision.Digest.
func digest(h plumbing.Hash) string { return "sha1:" + h.String() }

// parseDigest is the inverse of digest.
func parseDigest(s string) (plumbing.Hash, error) {
	hex, ok := strings.CutPrefix(s, "sha1:")
	if !ok || !isHex(hex) || len(hex) != 40 {
		return plumbing.ZeroHash, fmt.Errorf("%w: %q is not the digest of a commit, which is sha1: and 40 hexadecimal digits", source.ErrUnknownRevision, s)
	}
	return plumbing.NewHash(hex), nil
}

func isHex(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(c byte) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F')
	})
}
