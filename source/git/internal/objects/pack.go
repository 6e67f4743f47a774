package objects

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/setpoint-dev/setpoint/source"
)

// Pack is a received pack, decoded and checked as a whole before anything of it is kept.
type Pack struct {
	raw     []byte
	objects map[plumbing.Hash]Object
	// thin: some deltas have their base outside the pack, so that raw cannot be stored as it is.
	thin bool
}

// Commits returns the commits in the pack, in no order.
func (p *Pack) Commits() []plumbing.Hash {
	var commits []plumbing.Hash
	for h, o := range p.objects {
		if o.Kind == plumbing.CommitObject {
			commits = append(commits, h)
		}
	}
	return commits
}

// delta is an entry that waits for its base.
type delta struct {
	offset int64
	data   []byte
}

// unpacker decodes one pack. The format is gitformat-pack(5).
type unpacker struct {
	pack  *Pack
	room  int64
	limit int64
	// byOffset and byHash hold deltas by the base they wait for.
	byOffset map[int64][]delta
	byHash   map[plumbing.Hash][]delta
	// at finds a decoded object by its place in the pack.
	at map[int64]plumbing.Hash
}

// Unpack decodes raw. A delta whose base is not in the pack takes it from base. All that is decoded counts against limit.
func Unpack(raw []byte, base func(plumbing.Hash) (Object, error), limit int64) (*Pack, error) {
	u := &unpacker{
		pack:     &Pack{raw: raw, objects: map[plumbing.Hash]Object{}},
		room:     limit,
		limit:    limit,
		byOffset: map[int64][]delta{},
		byHash:   map[plumbing.Hash][]delta{},
		at:       map[int64]plumbing.Hash{},
	}
	if err := u.scan(); err != nil {
		return nil, err
	}
	for h := range u.byHash {
		o, err := base(h)
		if errors.Is(err, ErrAbsent) {
			continue
		}
		if err != nil {
			return nil, err
		}
		u.pack.thin = true
		if err := u.settle(-1, h, o); err != nil {
			return nil, err
		}
	}
	if n := len(u.byHash) + len(u.byOffset); n > 0 {
		return nil, fmt.Errorf("%w: the pack has deltas against %d objects that are not there", source.ErrCorrupt, n)
	}
	return u.pack, nil
}

func (u *unpacker) scan() error {
	scanner := packfile.NewScanner(bytes.NewReader(u.raw()))
	_, count, err := scanner.Header()
	if err != nil {
		return malformed(err)
	}
	for range count {
		header, err := scanner.NextObjectHeader()
		if err != nil {
			return malformed(err)
		}
		if err := u.take(header.Length); err != nil {
			return err
		}
		var content bytes.Buffer
		content.Grow(int(min(header.Length, 1<<20)))
		if n, _, err := scanner.NextObject(&content); err != nil || n != header.Length {
			return malformed(errors.Join(err, fmt.Errorf("an object of %d bytes has %d", header.Length, n)))
		}
		data := content.Bytes()
		switch header.Type {
		case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
			err = u.add(header.Offset, Object{header.Type, data})
		case plumbing.OFSDeltaObject:
			d := delta{header.Offset, data}
			if h, ok := u.at[header.OffsetReference]; ok {
				err = u.apply(u.pack.objects[h], d)
			} else {
				u.byOffset[header.OffsetReference] = append(u.byOffset[header.OffsetReference], d)
			}
		case plumbing.REFDeltaObject:
			d := delta{header.Offset, data}
			if o, ok := u.pack.objects[header.Reference]; ok {
				err = u.apply(o, d)
			} else {
				u.byHash[header.Reference] = append(u.byHash[header.Reference], d)
			}
		default:
			err = malformed(fmt.Errorf("an object of unknown type %d", header.Type))
		}
		if err != nil {
			return err
		}
	}
	if _, err := scanner.Checksum(); err != nil {
		return malformed(err)
	}
	return nil
}

func (u *unpacker) raw() []byte { return u.pack.raw }

func (u *unpacker) take(n int64) error {
	if n < 0 || n > u.room {
		return fmt.Errorf("%w: the revision unpacks to more than %d bytes; raise MaxFetchBytes", source.ErrTooLarge, u.limit)
	}
	u.room -= n
	return nil
}

// add keeps an object and everything that waited for it.
func (u *unpacker) add(offset int64, o Object) error {
	h := plumbing.ComputeHash(o.Kind, o.Data)
	u.pack.objects[h] = o
	u.at[offset] = h
	return u.settle(offset, h, o)
}

// settle applies the deltas that wait for an object, and those that wait for their results, without recursion: a hostile
// pack may chain as many as it has entries.
func (u *unpacker) settle(offset int64, h plumbing.Hash, o Object) error {
	type base struct {
		Object
		delta delta
	}
	var ready []base
	release := func(offset int64, h plumbing.Hash, o Object) {
		for _, d := range u.byOffset[offset] {
			ready = append(ready, base{o, d})
		}
		for _, d := range u.byHash[h] {
			ready = append(ready, base{o, d})
		}
		delete(u.byOffset, offset)
		delete(u.byHash, h)
	}
	release(offset, h, o)
	for len(ready) > 0 {
		next := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		result, err := u.patch(next.Object, next.delta)
		if err != nil {
			return err
		}
		h := plumbing.ComputeHash(result.Kind, result.Data)
		u.pack.objects[h] = result
		u.at[next.delta.offset] = h
		release(next.delta.offset, h, result)
	}
	return nil
}

func (u *unpacker) apply(base Object, d delta) error {
	o, err := u.patch(base, d)
	if err != nil {
		return err
	}
	return u.add(d.offset, o)
}

// patch applies one delta, after its declared result has been counted.
func (u *unpacker) patch(base Object, d delta) (Object, error) {
	_, rest := varint(d.data)
	size, _ := varint(rest)
	if err := u.take(size); err != nil {
		return Object{}, err
	}
	data, err := packfile.PatchDelta(base.Data, d.data)
	if err != nil {
		return Object{}, malformed(err)
	}
	return Object{base.Kind, data}, nil
}

// varint reads a size in a delta's head; a size that does not fit is -1.
func varint(b []byte) (int64, []byte) {
	var n uint64
	for i, c := range b {
		if i == 9 {
			return -1, nil
		}
		n |= uint64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return int64(n), b[i+1:]
		}
	}
	return -1, nil
}

func malformed(err error) error {
	return fmt.Errorf("%w: the pack that the server sent: %v", source.ErrCorrupt, err)
}
