package objects

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"github.com/setpoint-dev/setpoint/source"
)

// Object is a decoded Git object. Its data is shared and not modified.
type Object struct {
	Kind plumbing.ObjectType
	Data []byte
}

// ErrAbsent is a store's answer for an object that it does not have.
var ErrAbsent = errors.New("object absent")

// Store holds objects. It is safe for concurrent use.
type Store interface {
	// Get returns an object, or an error that wraps ErrAbsent or source.ErrCorrupt.
	Get(plumbing.Hash) (Object, error)
	// Size returns the length of an object's data.
	Size(plumbing.Hash) (int64, error)
	// Has reports whether an object is there, without reading it.
	Has(plumbing.Hash) bool
}

// Need gets an object of one kind that must be there.
func Need(s Store, h plumbing.Hash, kind plumbing.ObjectType) (Object, error) {
	o, err := s.Get(h)
	switch {
	case errors.Is(err, ErrAbsent):
		return Object{}, fmt.Errorf("%w: %s %s is missing", source.ErrCorrupt, kind, h)
	case err != nil:
		return Object{}, err
	case o.Kind != kind:
		return Object{}, fmt.Errorf("%w: %s is a %s and should be a %s", source.ErrCorrupt, h, o.Kind, kind)
	}
	return o, nil
}

// TreeEntry is one line of a tree object.
type TreeEntry struct {
	Name string
	Mode filemode.FileMode
	Hash plumbing.Hash
}

// ParseTree decodes a tree object, in its own order. A name that a tree cannot hold makes it damaged.
func ParseTree(h plumbing.Hash, data []byte) ([]TreeEntry, error) {
	damaged := func(what string) error {
		return fmt.Errorf("%w: tree %s: %s", source.ErrCorrupt, h, what)
	}
	var entries []TreeEntry
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
		e := TreeEntry{Name: name, Mode: filemode.FileMode(mode)}
		data = rest[copy(e.Hash[:], rest):]
		entries = append(entries, e)
	}
	return entries, nil
}

// Peel follows annotated tags to the commit they name. An object that is not there is returned as it is: whether it is a
// commit shows when it has been fetched.
func Peel(s Store, h plumbing.Hash) (plumbing.Hash, error) {
	for range 10 {
		o, err := s.Get(h)
		if errors.Is(err, ErrAbsent) {
			return h, nil
		}
		if err != nil {
			return h, err
		}
		switch o.Kind {
		case plumbing.CommitObject:
			return h, nil
		case plumbing.TagObject:
			line, _, _ := bytes.Cut(o.Data, []byte{'\n'})
			target, ok := bytes.CutPrefix(line, []byte("object "))
			if !ok || !plumbing.IsHash(string(target)) {
				return h, fmt.Errorf("%w: tag %s", source.ErrCorrupt, h)
			}
			h = plumbing.NewHash(string(target))
		default:
			return h, fmt.Errorf("%w: %s is a %s, not a commit", source.ErrUnknownRevision, h, o.Kind)
		}
	}
	return h, fmt.Errorf("%w: more than ten tags name each other", source.ErrCorrupt)
}
