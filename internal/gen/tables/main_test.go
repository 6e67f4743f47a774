package main

import (
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The table that the repository carries is the one that the types and their defaulting make now.
func TestTableIsCurrent(t *testing.T) {
	f, err := os.Open("../../schema/tables.json.gz")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	committed, err := io.ReadAll(z)
	require.NoError(t, err)
	found, err := build()
	require.NoError(t, err)
	assert.True(t, string(committed) == string(found), "run go generate in internal/schema")
}
