package git

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source/git/internal/objects"
)

// slow is a store that stops at one object until it is told to go on.
type slow struct {
	*objects.Memory
	at           plumbing.Hash
	reached, off chan struct{}
}

func (s *slow) Get(h plumbing.Hash) (objects.Object, error) {
	if h == s.at {
		close(s.reached)
		<-s.off
	}
	return s.Memory.Get(h)
}

// whole returns a store with two commits of empty trees.
func whole(t *testing.T) (m *objects.Memory, commits [2]plumbing.Hash) {
	t.Helper()
	tree := plumbing.ComputeHash(plumbing.TreeObject, nil)
	raw := append([]byte("PACK\x00\x00\x00\x02"), binary.BigEndian.AppendUint32(nil, 3)...)
	add := func(kind plumbing.ObjectType, data []byte) {
		raw = append(raw, byte(kind)<<4|byte(len(data)&0xf)|0x80, byte(len(data)>>4))
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		_, _ = z.Write(data)
		_ = z.Close()
		raw = append(raw, b.Bytes()...)
	}
	add(plumbing.TreeObject, nil)
	for i := range commits {
		data := fmt.Appendf(nil, "tree %s\nauthor A <a> %d +0000\ncommitter A <a> %d +0000\n\n", tree, i, i)
		commits[i] = plumbing.ComputeHash(plumbing.CommitObject, data)
		add(plumbing.CommitObject, data)
	}
	sum := sha1.Sum(raw)
	p, err := objects.Unpack(append(raw, sum[:]...), nil, 1<<20)
	require.NoError(t, err)
	m = objects.NewMemory()
	require.NoError(t, m.Put(p))
	return m, commits
}

// A snapshot is closed, and another is opened, while a tree is looked through.
func TestLookingThroughATreeHoldsNobodyUp(t *testing.T) {
	m, commits := whole(t)
	s := &slow{Memory: m, at: commits[1], reached: make(chan struct{}), off: make(chan struct{})}
	r := newRemote(nil, s, 100, 1<<20, nil)
	require.NoError(t, r.pin(commits[0]))
	done := make(chan error)
	go func() { done <- r.pin(commits[1]) }()
	<-s.reached
	require.NoError(t, r.pin(commits[0]))
	r.release(commits[0])
	r.release(commits[0])
	close(s.off)
	require.NoError(t, <-done)
	require.Equal(t, 1, r.held[commits[1]].pins)
	require.Equal(t, 0, r.held[commits[0]].pins)
	require.Zero(t, r.verifying)
}
