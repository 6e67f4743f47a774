package kube

import (
	"context"
	"sync"

	"github.com/setpoint-dev/setpoint/cluster"
)

// directory keeps what one discovery endpoint says: "/api" for the core group, "/apis" for the others.
type directory struct {
	path string

	mu      sync.Mutex
	groups  map[string]group // nil until the first round succeeded; a map is replaced, never changed
	etag    string
	started uint64 // rounds begun
	done    uint64 // the newest round that ended with a verdict
	err     error  // its verdict
	flight  chan struct{}
	epoch   uint64 // raised by forget
}

// fetch asks the endpoint. It returns nil groups when they are those of etag.
type fetch func(ctx context.Context, path, etag string) (groups map[string]group, newTag string, err error)

// find returns the kind, at least at version unless that is empty. What is known answers at once. Otherwise the endpoint
// is asked again: a negative answer rests on a round that began after the call did, and callers that wait together share
// their rounds.
func (d *directory) find(ctx context.Context, ask fetch, name, kind, version string) (cluster.Kind, error) {
	d.mu.Lock()
	entered := d.started
	d.mu.Unlock()
	for {
		d.mu.Lock()
		found, fault := lookup(d.groups, name, kind, version)
		asked := d.done > entered
		if asked && d.err != nil {
			fault = &cluster.DiscoveryError{Group: name, Err: d.err}
		}
		d.mu.Unlock()
		if fault == nil {
			return found, nil
		}
		if asked {
			return cluster.Kind{}, fault
		}
		if err := d.round(ctx, ask); err != nil {
			return cluster.Kind{}, err
		}
	}
}

// all returns every group, asking the endpoint when it never answered.
func (d *directory) all(ctx context.Context, ask fetch) (map[string]group, error) {
	d.mu.Lock()
	entered := d.started
	d.mu.Unlock()
	for {
		d.mu.Lock()
		groups, asked, err := d.groups, d.done > entered, d.err
		d.mu.Unlock()
		if groups != nil {
			return groups, nil
		}
		if asked && err != nil {
			return nil, err
		}
		if err := d.round(ctx, ask); err != nil {
			return nil, err
		}
	}
}

// renew asks the endpoint, whatever is known, and returns when a round that began after the call has ended.
func (d *directory) renew(ctx context.Context, ask fetch) error {
	d.mu.Lock()
	entered := d.started
	d.mu.Unlock()
	for {
		d.mu.Lock()
		asked := d.done > entered
		d.mu.Unlock()
		if asked {
			return nil
		}
		if err := d.round(ctx, ask); err != nil {
			return err
		}
	}
}

// round waits for the round under way, or performs one. It returns an error only when ctx ends.
func (d *directory) round(ctx context.Context, ask fetch) error {
	d.mu.Lock()
	if flight := d.flight; flight != nil {
		d.mu.Unlock()
		select {
		case <-flight:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	d.started++
	number, epoch, tag := d.started, d.epoch, d.etag
	flight := make(chan struct{})
	d.flight = flight
	d.mu.Unlock()

	groups, tag, err := ask(ctx, d.path, tag)

	d.mu.Lock()
	defer d.mu.Unlock()
	d.flight = nil
	close(flight)
	if ctx.Err() != nil && err != nil {
		return context.Cause(ctx) // The caller's end says nothing to those who waited; one of them asks again.
	}
	if d.epoch != epoch {
		return nil
	}
	d.done, d.err = number, err
	if err == nil && groups != nil {
		d.groups, d.etag = groups, tag
	}
	return nil
}

// rounds counts the rounds begun.
func (d *directory) rounds() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.started
}

// forget drops what is known.
func (d *directory) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.groups, d.etag = nil, ""
	d.epoch++
}
