package objects

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
)

// builder writes packs by hand, those too that no server would send.
type builder struct {
	buf   bytes.Buffer
	count uint32
}

// add writes an entry and returns its offset. Head is what stands between the size and the content.
func (b *builder) add(kind plumbing.ObjectType, head, content []byte) int64 {
	return b.sized(kind, len(content), head, content)
}

func (b *builder) sized(kind plumbing.ObjectType, size int, head, content []byte) int64 {
	at := int64(12 + b.buf.Len())
	first := byte(kind)<<4 | byte(size&0xf)
	for size >>= 4; size > 0; size >>= 7 {
		b.buf.WriteByte(first | 0x80)
		first = byte(size & 0x7f)
	}
	b.buf.WriteByte(first)
	b.buf.Write(head)
	z := zlib.NewWriter(&b.buf)
	_, _ = z.Write(content)
	_ = z.Close()
	b.count++
	return at
}

func (b *builder) ofs(from, base int64, delta []byte) int64 {
	n := from - base
	var head []byte
	for head = []byte{byte(n & 0x7f)}; n > 0x7f; {
		n = n>>7 - 1
		head = append([]byte{byte(n&0x7f) | 0x80}, head...)
	}
	return b.add(plumbing.OFSDeltaObject, head, delta)
}

func (b *builder) pack() []byte {
	out := append([]byte("PACK\x00\x00\x00\x02"), binary.BigEndian.AppendUint32(nil, b.count)...)
	out = append(out, b.buf.Bytes()...)
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

func blobHash(content string) plumbing.Hash {
	return plumbing.ComputeHash(plumbing.BlobObject, []byte(content))
}

func diff(from, to string) []byte { return packfile.DiffDelta([]byte(from), []byte(to)) }

func nothing(h plumbing.Hash) (Object, error) { return Object{}, fmt.Errorf("%w: %s", ErrAbsent, h) }

func text(n int) string { return strings.Repeat(fmt.Sprintf("line %d of the file\n", n), 30) }

func TestUnpackDeltas(t *testing.T) {
	outside := func(h plumbing.Hash) (Object, error) {
		if h == blobHash(text(9)) {
			return Object{plumbing.BlobObject, []byte(text(9))}, nil
		}
		return nothing(h)
	}
	ref := func(content string) []byte { h := blobHash(content); return h[:] }
	for name, c := range map[string]struct {
		build func(b *builder)
		want  []string
		thin  bool
	}{
		"plain": {func(b *builder) { b.add(plumbing.BlobObject, nil, []byte("x")) }, []string{"x"}, false},
		"empty": {func(*builder) {}, nil, false},
		"by offset": {func(b *builder) {
			at := b.add(plumbing.BlobObject, nil, []byte(text(1)))
			b.ofs(int64(12+b.buf.Len()), at, diff(text(1), text(1)+"more"))
		}, []string{text(1), text(1) + "more"}, false},
		"base comes later": {func(b *builder) {
			b.add(plumbing.REFDeltaObject, ref(text(1)), diff(text(1), text(1)+"more"))
			b.add(plumbing.BlobObject, nil, []byte(text(1)))
		}, []string{text(1), text(1) + "more"}, false},
		"a chain against a base that comes later": {func(b *builder) {
			at := b.add(plumbing.REFDeltaObject, ref(text(1)), diff(text(1), text(2)))
			at = b.ofs(int64(12+b.buf.Len()), at, diff(text(2), text(3)))
			b.add(plumbing.REFDeltaObject, ref(text(3)), diff(text(3), text(4)))
			_ = at
			b.add(plumbing.BlobObject, nil, []byte(text(1)))
		}, []string{text(1), text(2), text(3), text(4)}, false},
		"thin": {func(b *builder) {
			at := b.add(plumbing.REFDeltaObject, ref(text(9)), diff(text(9), text(8)))
			b.ofs(int64(12+b.buf.Len()), at, diff(text(8), text(7)))
		}, []string{text(8), text(7)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var b builder
			c.build(&b)
			p, err := Unpack(b.pack(), outside, 1<<20)
			require.NoError(t, err)
			assert.Equal(t, c.thin, p.thin)
			require.Len(t, p.objects, len(c.want))
			for _, content := range c.want {
				assert.Equal(t, content, string(p.objects[blobHash(content)].Data))
			}
		})
	}
}

func TestUnpackRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		raw  func() []byte
		want error
	}{
		"nothing":    {func() []byte { return nil }, source.ErrCorrupt},
		"not a pack": {func() []byte { return []byte("<html>") }, source.ErrCorrupt},
		"one bit": {func() []byte {
			var b builder
			b.add(plumbing.BlobObject, nil, []byte(text(1)))
			raw := b.pack()
			raw[len(raw)-1] ^= 1
			return raw
		}, source.ErrCorrupt},
		"cut short": {func() []byte {
			var b builder
			b.add(plumbing.BlobObject, nil, []byte(text(1)))
			return b.pack()[:30]
		}, source.ErrCorrupt},
		"a base that is nowhere": {func() []byte {
			var b builder
			b.add(plumbing.REFDeltaObject, make([]byte, 20), diff(text(1), text(2)))
			return b.pack()
		}, source.ErrCorrupt},
		"more than it says": {func() []byte {
			var b builder
			b.sized(plumbing.BlobObject, 3, nil, []byte("four"))
			return b.pack()
		}, source.ErrCorrupt},
		"less than it says": {func() []byte {
			var b builder
			b.sized(plumbing.BlobObject, 5, nil, []byte("four"))
			return b.pack()
		}, source.ErrCorrupt},
		"too much": {func() []byte {
			var b builder
			b.add(plumbing.BlobObject, nil, make([]byte, 1<<20))
			return b.pack()
		}, source.ErrTooLarge},
		"too much said": {func() []byte {
			var b builder
			b.sized(plumbing.BlobObject, 1<<50, nil, nil)
			return b.pack()
		}, source.ErrTooLarge},
		"a delta that grows": {func() []byte {
			var b builder
			base := strings.Repeat("0123456789abcdef", 1000)
			at := b.add(plumbing.BlobObject, nil, []byte(base))
			b.ofs(int64(12+b.buf.Len()), at, diff(base, strings.Repeat(base, 40)))
			return b.pack()
		}, source.ErrTooLarge},
		"two deltas in a circle": {func() []byte {
			var b builder
			h1, h2 := blobHash(text(1)), blobHash(text(2))
			b.add(plumbing.REFDeltaObject, h1[:], diff(text(1), text(2)))
			b.add(plumbing.REFDeltaObject, h2[:], diff(text(2), text(1)))
			return b.pack()
		}, source.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Unpack(c.raw(), nothing, 200_000)
			assert.ErrorIs(t, err, c.want)
		})
	}
}

func FuzzUnpack(f *testing.F) {
	var b builder
	at := b.add(plumbing.BlobObject, nil, []byte(text(1)))
	b.ofs(int64(12+b.buf.Len()), at, diff(text(1), text(2)))
	h := blobHash(text(2))
	b.add(plumbing.REFDeltaObject, h[:], diff(text(2), text(3)))
	f.Add(b.pack())
	f.Add([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Unpack(raw, nothing, 1<<20)
		if err != nil {
			return
		}
		for h, o := range p.objects {
			if plumbing.ComputeHash(o.Kind, o.Data) != h {
				t.Fatal("an object under a name that is not its own")
			}
		}
	})
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x00aaaaaaaaaaaaaaaaaaaa40000 b\x00bbbbbbbbbbbbbbbbbbbb"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseTree(plumbing.ZeroHash, data)
		if err != nil {
			return
		}
		for _, e := range entries {
			if e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\x00") {
				t.Fatalf("a name that is none: %q", e.Name)
			}
		}
	})
}
