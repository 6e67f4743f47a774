package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	openapi "github.com/google/gnostic-models/openapiv2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
)

const (
	document = `{"swagger":"2.0","info":{"title":"t","version":"1"},"paths":{},"definitions":{
"io.k8s.api.core.v1.ConfigMap":{"type":"object","properties":{"data":{"type":"object","additionalProperties":{"type":"string"}}},
"x-kubernetes-group-version-kind":[{"group":"","version":"v1","kind":"ConfigMap"}]}}}`
	desired = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"level":"info"}}
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{"level":"warn"}}`
	owned = `"managedFields":[{"manager":"bench","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{"f:level":{}}}}]`
	live  = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"1",` + owned + `},"data":{"level":"info"}}
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","uid":"2",` + owned + `},"data":{"level":"info"}}`
)

// Both modes find the object that differs, and say what it took.
func TestServe(t *testing.T) {
	folder := t.TempDir()
	doc, err := openapi.ParseDocument([]byte(document))
	require.NoError(t, err)
	data, err := proto.Marshal(doc)
	require.NoError(t, err)
	for name, content := range map[string]string{"openapi.pb": string(data), "desired": desired, "live": live} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	var out bytes.Buffer
	in := `{"Desired":"desired","Live":"live","Passes":3}{"Desired":"desired","Live":"live","Structured":true,"Passes":1}`
	require.NoError(t, serve(folder, strings.NewReader(in), &out))
	answers := json.NewDecoder(&out)
	for _, passes := range []int{3, 1} {
		var r response
		require.NoError(t, answers.Decode(&r))
		assert.Equal(t, 2*passes, r.Compared)
		assert.Equal(t, passes, r.Modified)
		assert.Positive(t, r.Allocations)
	}
	require.ErrorContains(t, serve(folder, strings.NewReader(`{"Desired":"nothing"}`), io.Discard), "nothing")
}
