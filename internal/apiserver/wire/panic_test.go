package wire_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// Where a request panicked is logged and not answered.
func TestPanicIsLogged(t *testing.T) {
	var log bytes.Buffer
	server, err := memory.New(&memory.Options{
		Logger:    slog.New(slog.NewTextHandler(&log, nil)),
		Authorize: func(memory.Access) (bool, string) { panic("dropped it") },
	})
	require.NoError(t, err)
	t.Cleanup(server.Close)
	got := newPlane(t, "memory", server.Config(), "default").do(t, request{method: "GET", path: "/api/v1/pods"})
	assert.Equal(t, http.StatusInternalServerError, got.code)
	assert.Contains(t, string(got.body), "panic: dropped it")
	assert.NotContains(t, string(got.body), ".go:")
	assert.Contains(t, log.String(), "panic_test.go:")
}
