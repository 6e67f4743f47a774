package git

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git/internal/objects"
	"github.com/setpoint-dev/setpoint/source/git/internal/wire"
)

// recent is how many revisions are kept when no snapshot needs them, so that the next fetch costs what changed.
const recent = 16

// maxBases bounds how many revisions a request says are here.
const maxBases = 64

// keeper is a store that takes packs.
type keeper interface {
	objects.Store
	Put(*objects.Pack) error
}

// remote is a repository on a server, and what has been fetched of it.
type remote struct {
	connector wire.Connector
	store     keeper
	audit     *objects.Audit
	maxFetch  int64
	// marks remembers held commits between processes, where the store outlives one.
	marks *marks

	// turn is held while a pack is fetched: two would fetch the same objects.
	turn chan struct{}

	mu sync.Mutex
	// received counts the bytes of packs.
	received int64
	held     map[plumbing.Hash]*held
	tick     int
	// verifying counts the commits that are looked through and not held yet.
	verifying int
	// known are the commits of the whole history when the refs were knownAt, for abbreviated names.
	known   []plumbing.Hash
	knownAt string
}

// held is a commit whose tree is complete in the store.
type held struct {
	pins int
	used int
	// root commits have no parents that could be missing.
	root bool
}

func newRemote(c wire.Connector, s keeper, maxEntries int, maxFetch int64, m *marks) *remote {
	r := &remote{
		connector: c,
		store:     s,
		audit:     &objects.Audit{Store: s, Limit: maxEntries, Blobs: true},
		maxFetch:  maxFetch,
		marks:     m,
		turn:      make(chan struct{}, 1),
		held:      map[plumbing.Hash]*held{},
	}
	for _, h := range m.load() {
		if r.pin(h) == nil {
			r.release(h)
		}
	}
	return r
}

func (r *remote) content() objects.Store { return r.store }

// resolve asks the server what a name means. The hash of a commit means itself.
func (r *remote) resolve(ctx context.Context, name string) (plumbing.Hash, error) {
	if plumbing.IsHash(name) {
		return objects.Peel(r.store, plumbing.NewHash(name))
	}
	s, err := r.connector.Connect(ctx)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer s.Close()
	t, err := r.find(ctx, s, name)
	return t.commit, err
}

// find looks a name up in what a session advertised.
func (r *remote) find(ctx context.Context, s *wire.Session, name string) (target, error) {
	refs := refsOf(s)
	t, err := refs.resolve(name)
	if errors.Is(err, errAbbreviated) {
		t.object, err = r.complete(ctx, refs, strings.ToLower(name))
		t.commit = t.object
	}
	if err != nil {
		return t, err
	}
	t.commit, err = objects.Peel(r.store, t.commit)
	return t, err
}

// obtain makes the tree of a commit readable until release. Without want it is the commit that name means now.
func (r *remote) obtain(ctx context.Context, name string, want plumbing.Hash) (plumbing.Hash, error) {
	if want.IsZero() && plumbing.IsHash(name) {
		want = plumbing.NewHash(name)
	}
	if !want.IsZero() {
		commit, err := objects.Peel(r.store, want)
		if err == nil && r.pin(commit) == nil {
			return commit, nil
		}
	}
	for n := 1; ; n++ {
		commit, err := r.ask(ctx, name, want)
		if !errors.Is(err, errMoved) || !want.IsZero() || n == attempts {
			return commit, err
		}
	}
}

// attempts is how often a name is looked up again when it moves between the answer and the request for the pack: a server
// gives the old commit only when it is reachable, and some not even then.
const attempts = 4

// errMoved: a commit that the server named is not to be had from it any more.
var errMoved = errors.New("it has moved meanwhile")

// ask looks a commit up and fetches it when it is not here.
func (r *remote) ask(ctx context.Context, name string, want plumbing.Hash) (plumbing.Hash, error) {
	s, t, err := r.look(ctx, name, want)
	if s == nil {
		return t.commit, err
	}
	select {
	case r.turn <- struct{}{}:
	default:
		// Somebody fetches, probably the same. Look again after that, as what was seen may be old by then.
		s.Close()
		select {
		case r.turn <- struct{}{}:
		case <-ctx.Done():
			return want, context.Cause(ctx)
		}
		if s, t, err = r.look(ctx, name, want); s == nil {
			<-r.turn
			return t.commit, err
		}
	}
	defer func() { <-r.turn }()
	defer s.Close()
	if commit, err := objects.Peel(r.store, t.object); err == nil && r.pin(commit) == nil {
		return commit, nil
	}
	return r.download(s, t.object)
}

// look opens a session and finds what to fetch. There is no session when nothing is left to do: the commit is here and
// pinned, or the error says why not.
func (r *remote) look(ctx context.Context, name string, want plumbing.Hash) (*wire.Session, target, error) {
	t := target{want, want}
	s, err := r.connector.Connect(ctx)
	if err != nil {
		return nil, t, err
	}
	if want.IsZero() {
		if t, err = r.find(ctx, s, name); err == nil && r.pin(t.commit) != nil {
			return s, t, nil
		}
		s.Close()
		return nil, t, err
	}
	return s, t, nil
}

// download fetches one commit, or a tag that names one, and pins it.
func (r *remote) download(s *wire.Session, h plumbing.Hash) (plumbing.Hash, error) {
	refs := refsOf(s)
	var tips []plumbing.Hash
	for name, tip := range refs.byName {
		if strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/") {
			tips = append(tips, tip)
		}
	}
	advertised := h == refs.headHash
	for _, tip := range refs.byName {
		advertised = advertised || tip == h
	}
	w := wire.Wish{Want: []plumbing.Hash{h}, Shallow: true}
	w.Have, w.Cut = r.bases()
	direct := advertised || s.Has(capability.AllowReachableSHA1InWant) || s.Has(capability.AllowTipSHA1InWant)
	if !direct {
		// This server gives by name only: take the history and look for the commit in it.
		w = wire.Wish{Want: tips}
	}
	if len(w.Want) == 0 {
		return h, unknownCommit(h)
	}
	raw, err := s.Fetch(w, r.maxFetch)
	if err != nil {
		if errors.Is(err, source.ErrUnknownRevision) {
			if err = unknownCommit(h); advertised {
				err = fmt.Errorf("%w: %w", err, errMoved)
			}
		}
		return h, err
	}
	r.receive(raw)
	p, err := objects.Unpack(raw, r.store.Get, r.maxFetch)
	if err != nil {
		return h, err
	}
	if err := r.store.Put(p); err != nil {
		return h, fmt.Errorf("store what was fetched: %w", err)
	}
	commit, err := objects.Peel(r.store, h)
	if err != nil {
		return h, err
	}
	if err := r.pin(commit); err != nil {
		switch {
		case errors.Is(err, objects.ErrAbsent) && advertised:
			err = fmt.Errorf("%w: the server names %s and does not send it", source.ErrCorrupt, commit)
		case errors.Is(err, objects.ErrAbsent):
			err = unknownCommit(commit)
		}
		return h, err
	}
	r.tidy()
	return commit, nil
}

func (r *remote) receive(pack []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received += int64(len(pack))
}

func unknownCommit(h plumbing.Hash) error {
	return fmt.Errorf("%w: the server has no commit %s that a branch or tag leads to", source.ErrUnknownRevision, h)
}

// pin keeps a commit until release, if its tree is complete in the store. Looking through a large tree takes a while, in which
// others come and go.
func (r *remote) pin(h plumbing.Hash) error {
	r.mu.Lock()
	known := r.held[h] != nil
	if known {
		r.hold(h, false)
	} else {
		r.verifying++
	}
	r.mu.Unlock()
	if known {
		return nil
	}
	root, err := r.verify(h)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verifying--
	if err == nil && r.held[h] == nil {
		err = r.marks.add(h)
	}
	if err == nil {
		r.hold(h, root)
	}
	return err
}

// hold adds a pin, with mu held.
func (r *remote) hold(h plumbing.Hash, root bool) {
	k := r.held[h]
	if k == nil {
		k = &held{root: root}
		r.held[h] = k
	}
	r.tick++
	k.pins++
	k.used = r.tick
}

// verify returns whether a commit is the first of its history, after it found everything that the commit leads to.
func (r *remote) verify(h plumbing.Hash) (root bool, err error) {
	o, err := r.store.Get(h)
	if err != nil {
		return false, err
	}
	if o.Kind != plumbing.CommitObject {
		return false, fmt.Errorf("%w: %s is a %s, not a commit", source.ErrUnknownRevision, h, o.Kind)
	}
	c, err := objects.ParseCommit(h, o.Data)
	if err != nil {
		return false, err
	}
	return c.Parents == 0, r.audit.Check(c.Tree)
}

// release undoes one pin.
func (r *remote) release(h plumbing.Hash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, ok := r.held[h]; ok {
		k.pins--
	}
}

// bases are the commits whose content need not be sent again. To the server they look like a shallow clone: nothing is
// promised about their parents.
func (r *remote) bases() (have, cut []plumbing.Hash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for h := range r.held {
		have = append(have, h)
	}
	slices.SortFunc(have, func(a, b plumbing.Hash) int { return r.held[b].used - r.held[a].used })
	have = have[:min(len(have), maxBases)]
	for _, h := range have {
		if !r.held[h].root {
			cut = append(cut, h)
		}
	}
	return have, cut
}

// tidy forgets all but the recent revisions, and those that snapshots hold, when the turn is ours.
func (r *remote) tidy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var free, kept []plumbing.Hash
	for h, k := range r.held {
		if k.pins == 0 {
			free = append(free, h)
		} else {
			kept = append(kept, h)
		}
	}
	slices.SortFunc(free, func(a, b plumbing.Hash) int { return r.held[b].used - r.held[a].used })
	for i, h := range free {
		if i < recent {
			kept = append(kept, h)
			continue
		}
		delete(r.held, h)
		r.marks.remove(h)
	}
	// A sweep would take away what is being looked through. The next fetch brings another.
	if m, ok := r.store.(*objects.Memory); ok && m.Overgrown() && r.verifying == 0 {
		m.Sweep(kept)
		r.audit.Forget()
	}
}

// complete finds the one commit of the history whose hash begins with some digits. It is asked for once for each state of
// the refs.
func (r *remote) complete(ctx context.Context, refs *refs, hex string) (plumbing.Hash, error) {
	var tips []plumbing.Hash
	for name, h := range refs.byName {
		if strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/") {
			tips = append(tips, h)
		}
	}
	plumbing.HashesSort(tips)
	state := fmt.Sprint(tips)
	r.mu.Lock()
	known, fresh := r.known, r.knownAt == state
	r.mu.Unlock()
	if !fresh && len(tips) > 0 {
		s, err := r.connector.Connect(ctx)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		defer s.Close()
		raw, err := s.Fetch(wire.Wish{Want: tips, Bare: true}, r.maxFetch)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		r.receive(raw)
		p, err := objects.Unpack(raw, r.store.Get, r.maxFetch)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		known = p.Commits()
		r.mu.Lock()
		r.known, r.knownAt = known, state
		r.mu.Unlock()
	}
	var found []plumbing.Hash
	for _, h := range known {
		if strings.HasPrefix(h.String(), hex) {
			found = append(found, h)
		}
	}
	return only(refs, hex, found)
}
