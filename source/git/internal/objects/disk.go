package objects

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/setpoint-dev/setpoint/source"
)

const (
	// packFrom is from how many objects on a pack is kept as it came; fewer are stored one by one.
	packFrom = 256
	// decoded bounds the memory for objects that others are deltas of.
	decoded = 16 << 20
)

// Disk is a store in one or several object directories of Git's own format. go-git's storage is not safe for concurrent
// readers, so one lock guards it.
type Disk struct {
	mu   sync.Mutex
	dirs []*filesystem.Storage
}

// OpenDisk opens the object directory below a Git directory, and those it borrows from.
func OpenDisk(gitDir string) (*Disk, error) {
	d := &Disk{}
	shared := cache.NewObjectLRU(decoded)
	pending := []string{gitDir}
	seen := map[string]bool{}
	for len(pending) > 0 {
		dir := filepath.Clean(pending[0])
		pending = pending[1:]
		if seen[dir] {
			continue
		}
		if seen[dir] = true; len(seen) > maxAlternates {
			return nil, fmt.Errorf("%w: more than %d alternates", source.ErrTooLarge, maxAlternates)
		}
		d.dirs = append(d.dirs, filesystem.NewStorage(osfs.New(dir), shared))
		borrowed, err := alternates(filepath.Join(dir, "objects"))
		if err != nil {
			return nil, err
		}
		pending = append(pending, borrowed...)
	}
	return d, nil
}

// Get returns an object after its hash was computed from its content.
func (d *Disk) Get(h plumbing.Hash) (Object, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o, err := d.find(h)
	if err != nil {
		// Somebody may have packed the repository since its index was read.
		d.reindex()
		o, err = d.find(h)
	}
	if err != nil {
		return Object{}, err
	}
	if got := plumbing.ComputeHash(o.Kind, o.Data); got != h {
		return Object{}, fmt.Errorf("%w: %s %s has other content", source.ErrCorrupt, o.Kind, h)
	}
	return o, nil
}

func (d *Disk) reindex() {
	for _, dir := range d.dirs {
		dir.Reindex()
	}
}

func (d *Disk) find(h plumbing.Hash) (o Object, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: object %s: %v", source.ErrCorrupt, h, r)
		}
	}()
	dir, err := d.holder(h)
	if err != nil {
		return Object{}, err
	}
	encoded, err := dir.EncodedObject(plumbing.AnyObject, h)
	if err != nil {
		return Object{}, fmt.Errorf("%w: object %s: %v", source.ErrCorrupt, h, err)
	}
	r, err := encoded.Reader()
	if err != nil {
		return Object{}, fmt.Errorf("%w: object %s: %v", source.ErrCorrupt, h, err)
	}
	defer r.Close()
	data := make([]byte, encoded.Size())
	if _, err := io.ReadFull(r, data); err != nil {
		return Object{}, fmt.Errorf("%w: object %s: %v", source.ErrCorrupt, h, err)
	}
	return Object{encoded.Type(), data}, nil
}

// holder returns the directory that has an object.
func (d *Disk) holder(h plumbing.Hash) (*filesystem.Storage, error) {
	for _, dir := range d.dirs {
		err := dir.HasEncodedObject(h)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, plumbing.ErrObjectNotFound) && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: object %s: %v", source.ErrCorrupt, h, err)
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrAbsent, h)
}

// Size returns the length of an object's data.
func (d *Disk) Size(h plumbing.Hash) (n int64, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: object %s: %v", source.ErrCorrupt, h, r)
		}
	}()
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, err := d.holder(h)
	if err != nil {
		d.reindex()
		if dir, err = d.holder(h); err != nil {
			return 0, err
		}
	}
	n, err = dir.EncodedObjectSize(h)
	if err != nil {
		return 0, fmt.Errorf("%w: object %s: %v", source.ErrCorrupt, h, err)
	}
	return n, nil
}

// Has reports whether an object is there.
func (d *Disk) Has(h plumbing.Hash) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.holder(h)
	return err == nil
}

// Put stores a pack in the first directory.
func (d *Disk) Put(p *Pack) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	to := d.dirs[0]
	if !p.thin && len(p.objects) >= packFrom {
		w, err := to.PackfileWriter()
		if err != nil {
			return err
		}
		_, err = w.Write(p.raw)
		return errors.Join(err, w.Close())
	}
	for h, o := range p.objects {
		if to.HasEncodedObject(h) == nil {
			continue
		}
		m := &plumbing.MemoryObject{}
		m.SetType(o.Kind)
		if _, err := m.Write(o.Data); err != nil {
			return err
		}
		if _, err := to.SetEncodedObject(m); err != nil {
			return err
		}
	}
	return nil
}

// Prefixed returns the objects whose hash begins with some hexadecimal digits.
func (d *Disk) Prefixed(hex string) ([]plumbing.Hash, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reindex()
	found := map[plumbing.Hash]bool{}
	even := plumbing.NewHash(hex[:len(hex)&^1] + "0000000000000000000000000000000000000000"[len(hex)&^1:])
	for _, dir := range d.dirs {
		hashes, err := dir.HashesWithPrefix(even[:len(hex)/2])
		if err != nil {
			return nil, fmt.Errorf("%w: %v", source.ErrCorrupt, err)
		}
		for _, h := range hashes {
			if h.String()[:len(hex)] == hex {
				found[h] = true
			}
		}
	}
	var all []plumbing.Hash
	for h := range found {
		all = append(all, h)
	}
	return all, nil
}
