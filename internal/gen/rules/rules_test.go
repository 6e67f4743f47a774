package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/klog/v2"
)

// The rules that the repository carries are those that the server's validation shows now. It takes a minute of processor time.
func TestRulesAreCurrent(t *testing.T) {
	if testing.Short() {
		t.Skip("learns from every sample again")
	}
	klog.SetLogger(logr.Discard())
	all, err := samples()
	require.NoError(t, err)
	data, err := newLesson().study(all)
	require.NoError(t, err)
	kept, err := os.ReadFile("../../schema/rules.json.gz")
	require.NoError(t, err)
	assert.True(t, bytes.Equal(unpacked(t, data), unpacked(t, kept)), "run go generate in internal/schema, and look at what differs")
}

func unpacked(t *testing.T, data []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	out, err := io.ReadAll(z)
	require.NoError(t, err)
	return out
}
