package wire_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/apiserver/wire"
)

// A handler with more to say than anybody reads returns when the server is closed, and what it said can be read still.
func TestUnreadAnswerEndsWithTheServer(t *testing.T) {
	closed, returned := make(chan struct{}), make(chan struct{})
	said := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	transport := &wire.Transport{Done: closed, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(returned)
		for part := range slices.Chunk(said, 1<<10) {
			_, err := w.Write(part)
			assert.NoError(t, err)
		}
	})}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://memory.invalid/", nil)
	require.NoError(t, err)
	response, err := transport.RoundTrip(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	head := make([]byte, 100)
	_, err = io.ReadFull(response.Body, head)
	require.NoError(t, err)
	close(closed)
	<-returned
	rest, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(said, append(head, rest...)))
	_, err = transport.RoundTrip(r)
	assert.ErrorIs(t, err, wire.ErrClosed)
}
