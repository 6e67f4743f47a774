package source_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/setpoint-dev/setpoint/source"
)

func TestRevisionText(t *testing.T) {
	for want, r := range map[string]source.Revision{
		"":                         {},
		"main":                     {Name: "main"},
		"sha1:8f3c0d2a1b2c":        {Digest: "sha1:8f3c0d2a1b2c3d4e5f60718293a4b5c6d7e8f901"},
		"main@sha1:8f3c0d2a1b2c":   {Name: "main", Digest: "sha1:8f3c0d2a1b2c3d4e5f60718293a4b5c6d7e8f901"},
		"v1@short":                 {Name: "v1", Digest: "short"},
		"main@sha256:0123456789ab": {Name: "main", Digest: "sha256:0123456789abcd"},
	} {
		assert.Equal(t, want, r.String())
		assert.Equal(t, want == "", r.IsZero())
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]*source.Error{
		"fetch apps at main: unreachable":                             {Op: "fetch", Source: "apps", Revision: "main", Err: source.ErrUnreachable},
		"open apps: no repository there":                              {Op: "open", Source: "apps", Err: source.ErrNotRepository},
		"read apps at main file a/b.yaml: content missing or damaged": {Op: "read", Source: "apps", Revision: "main", Path: "a/b.yaml", Err: source.ErrCorrupt},
	} {
		assert.EqualError(t, err, want)
		assert.ErrorIs(t, err, err.Err)
	}
}

func TestCloseReleasesOnce(t *testing.T) {
	released := 0
	failure := errors.New("busy")
	s := &source.Snapshot{Release: func() error { released++; return failure }}
	assert.ErrorIs(t, s.Close(), failure)
	assert.ErrorIs(t, s.Close(), failure)
	assert.Equal(t, 1, released)
	assert.NoError(t, (&source.Snapshot{}).Close())
	f := source.FetcherFunc(func(context.Context, source.Revision) (*source.Snapshot, error) { return s, nil })
	got, err := f.Fetch(t.Context(), source.Revision{})
	assert.NoError(t, err)
	assert.Same(t, s, got)
}
