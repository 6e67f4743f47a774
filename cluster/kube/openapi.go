package kube

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/setpoint-dev/setpoint/cluster"
)

// schemas keeps the index of OpenAPI documents and those that were read.
type schemas struct {
	mu        sync.Mutex
	index     map[string]string // path such as "apis/apps/v1" to the document's address
	at        uint64            // the discovery rounds that index is of
	documents map[string]document
}

// document is one OpenAPI v3 document.
type document struct {
	address, hash string
	content       []byte
}

// forget drops the index. Documents stay as long as the next one has their addresses, which the hash of the content is part of;
// of a server that states none, they go.
func (s *schemas) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index = nil
	maps.DeleteFunc(s.documents, func(_ string, d document) bool { return !strings.Contains(d.address, "hash=") })
}

// OpenAPI returns the document of a group version. The index is read once and again after an unknown kind made discovery
// look, a document once for each hash. The caller does not change doc, which is kept.
func (c *Client) OpenAPI(ctx context.Context, group, version string) (doc []byte, hash string, err error) {
	name := groupVersionName(group, version)
	path := "apis/" + name
	if group == "" {
		path = "api/" + name
	}
	ref := cluster.Ref{Group: group, Kind: "OpenAPI", Name: name}
	rounds := max(c.core.rounds(), 1) + max(c.named.rounds(), 1)
	c.schemas.mu.Lock()
	address, listed := c.schemas.index[path]
	known, read := c.schemas.documents[path]
	fresh := c.schemas.index != nil && c.schemas.at == rounds
	c.schemas.mu.Unlock()
	if !fresh {
		index, err := c.schemaIndex(ctx, ref)
		if err != nil {
			return nil, "", err
		}
		c.schemas.mu.Lock()
		c.schemas.index, c.schemas.at = index, rounds
		c.schemas.mu.Unlock()
		address, listed = index[path]
	}
	if !listed {
		return nil, "", &cluster.Error{Op: "discover", Ref: ref, Err: fmt.Errorf("%w: the server publishes no schema of %s", cluster.ErrNoKind, name)}
	}
	if read && known.address == address {
		return known.content, known.hash, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", &cluster.Error{Op: "discover", Ref: ref, Err: fmt.Errorf("read the address of the schema: %w", err)}
	}
	got, err := c.root().do(ctx, call{op: "discover", ref: ref, method: http.MethodGet, path: u.Path, query: u.Query()})
	if err != nil {
		return nil, "", err
	}
	// The server sends those with an old hash on to the document's present address.
	found := document{address: address, content: got.body, hash: got.url.Query().Get("hash")}
	if found.hash == "" {
		found.hash = digest(got.body)
	}
	c.schemas.mu.Lock()
	if c.schemas.documents == nil {
		c.schemas.documents = map[string]document{}
	}
	c.schemas.documents[path] = found
	c.schemas.mu.Unlock()
	return found.content, found.hash, nil
}

// schemaIndex reads the addresses of all documents.
func (c *Client) schemaIndex(ctx context.Context, ref cluster.Ref) (map[string]string, error) {
	got, err := c.root().do(ctx, call{op: "discover", ref: ref, method: http.MethodGet, path: "/openapi/v3"})
	if err != nil {
		return nil, err
	}
	var index struct {
		Paths map[string]struct {
			ServerRelativeURL string `json:"serverRelativeURL"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(got.body, &index); err != nil {
		return nil, &cluster.Error{Op: "discover", Ref: ref, Code: got.code, Err: fmt.Errorf("read the index of schemas: %w", err)}
	}
	addresses := make(map[string]string, len(index.Paths))
	for path, at := range index.Paths {
		addresses[path] = at.ServerRelativeURL
	}
	return addresses, nil
}

// digest stands in for a hash that the server does not state.
func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}
