package apiserver

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
)

// controllers hands the entries of the log out, one at a time.
type controllers struct {
	mu     sync.Mutex // held while entries are handed out
	all    []Controller
	next   uint64
	faults []error

	protected atomic.Bool // one of them takes protection off
}

// Protector is a [Controller] that takes the finalizers off which protect what is in use. Without one the server does so as
// soon as an object is deleted, since nothing could be using it.
type Protector interface {
	Controller
	Protects() bool
}

const (
	// maxConflicts is how often one change is handed out again because a write of the controller came too late.
	maxConflicts = 8
	// maxRounds bounds how long controllers may keep each other busy in one go; what is left is handed out with the
	// next write. A controller that never comes to rest would otherwise hang a client's request.
	maxRounds = 100_000
)

// Register adds a controller and hands it every object that is there, as added.
func (s *Server) Register(c Controller) {
	s.controllers.mu.Lock()
	defer s.controllers.mu.Unlock()
	if p, ok := c.(Protector); ok && p.Protects() {
		s.controllers.protected.Store(true)
	}
	for _, served := range s.Catalog().Served {
		if served.Virtual() || served.form != nil || served.GVK.Version != served.versions[0] {
			continue
		}
		records, _ := s.store.List(served.GVR.GroupResource(), "")
		for _, r := range records {
			s.hand(store.Entry{Record: r}, c)
		}
	}
	s.controllers.all = append(s.controllers.all, c)
	s.drain()
}

// Faults returns what controllers failed with, oldest first.
func (s *Server) Faults() []error {
	s.controllers.mu.Lock()
	defer s.controllers.mu.Unlock()
	return append([]error(nil), s.controllers.faults...)
}

// Settle runs the controllers until the log holds nothing new for them.
func (s *Server) Settle() { s.settle() }

// Between calls do while no controller handles a change, and then hands out what do has written. It is how a controller's own
// state is read or changed from outside, and how one acts without a write of a client. do must not write through [Server.API],
// which would wait for it; the API that it is given is for that.
func (s *Server) Between(do func(api API) error) error {
	s.controllers.mu.Lock()
	defer s.controllers.mu.Unlock()
	s.drain()
	err := s.attempt(func() error { return do(inner{s}) })
	s.drain()
	return err
}

// attempt calls do and makes an error of a panic, such as that of an admission function which a write of do was shown to. Nobody
// who waits for the controllers could do anything about it.
func (s *Server) attempt(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.logger.Error("panic among controllers", slog.Any("value", v), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return do()
}

func (s *Server) settle() {
	s.controllers.mu.Lock()
	defer s.controllers.mu.Unlock()
	s.drain()
}

// drain hands out entries until there are none. The caller holds the lock.
func (s *Server) drain() {
	for round := 0; round < maxRounds; {
		entries, _, err := s.store.Since(s.controllers.next)
		if errors.Is(err, store.ErrExpired) {
			// More was written at once than the log holds. Nothing was missed that is still there.
			s.controllers.next = s.store.Version()
			s.relist()
			continue
		}
		if len(entries) == 0 {
			return
		}
		for _, e := range entries {
			s.controllers.next = e.Version
			s.hand(e, s.controllers.all...)
			round++
		}
	}
	s.fault(fmt.Errorf("controllers did not come to rest after %d changes", maxRounds))
}

func (s *Server) relist() {
	for _, served := range s.Catalog().Served {
		if served.form != nil || served.GVK.Version != served.versions[0] {
			continue
		}
		records, _ := s.store.List(served.GVR.GroupResource(), "")
		for _, r := range records {
			s.hand(store.Entry{Record: r}, s.controllers.all...)
		}
	}
}

// hand gives one entry to controllers.
func (s *Server) hand(e store.Entry, to ...Controller) {
	var change Change
	var ok bool
	err := s.attempt(func() error { // which calls conversions
		change, ok = s.change(e, to)
		return nil
	})
	if err != nil {
		s.fault(fmt.Errorf("controllers on %s %s: %w", e.Key.Resource, e.Key.Name, err))
	}
	if !ok {
		return
	}
	for _, c := range to {
		if err := s.attempt(func() error { return s.handle(c, change) }); err != nil {
			s.fault(fmt.Errorf("controller %s on %s %s: %w", c.Name(), change.Kind.Kind, change.Object.GetName(), err))
		}
	}
}

func (s *Server) handle(c Controller, change Change) error {
	var err error
	for range maxConflicts {
		if err = c.Handle(inner{s}, change); err == nil || !apierrors.IsConflict(err) {
			return err
		}
	}
	return fmt.Errorf("in conflict after %d tries: %w", maxConflicts, err)
}

func (s *Server) fault(err error) {
	s.controllers.faults = append(s.controllers.faults, err)
	s.logger.Warn("controller failed", slog.Any("error", err))
}

// wantsWhole reports whether a controller is to be handed whole objects of a kind.
func wantsWhole(c Controller, kind Kind) bool {
	selective, ok := c.(Selective)
	return !ok || selective.Whole(kind)
}

// change decodes an entry for controllers. A kind that is no longer served has none left that would care.
func (s *Server) change(e store.Entry, to []Controller) (Change, bool) {
	served, ok := s.Catalog().preferredResource(e.Key.Resource)
	if !ok {
		return Change{}, false
	}
	c := Change{Type: Modified, Kind: served.kind()}
	decode := s.decodeAt
	if served.readAsStored() && !slices.ContainsFunc(to, func(t Controller) bool { return wantsWhole(t, c.Kind) }) {
		decode = s.outline
	}
	var err error
	if c.Object, err = decode(served, e.Data, e.Version); err != nil {
		return Change{}, false
	}
	if e.Old != nil {
		if c.Old, err = decode(served, e.Old, e.OldVersion); err != nil {
			return Change{}, false
		}
	}
	switch {
	case e.Deleted:
		c.Type = Deleted
	case e.Old == nil:
		c.Type = Added
	}
	return c, true
}
