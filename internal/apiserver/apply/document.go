package apply

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// Document is an OpenAPI v3 document of which only those definitions are read that somebody needs: to read all of a large
// group takes longer than to start a server. It is safe for concurrent use.
type Document struct {
	raw map[string][]byte

	mu   sync.Mutex
	read map[string]*spec.Schema
}

// NewDocument returns the document that the bytes are. They must not be changed.
func NewDocument(document []byte) (*Document, error) {
	raw, err := plain.Members(document, "components", "schemas")
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	return &Document{raw: raw, read: map[string]*spec.Schema{}}, nil
}

// Schemas returns the definitions whose names are wanted.
func (d *Document) Schemas(wanted func(name string) bool) (map[string]*spec.Schema, error) {
	out := map[string]*spec.Schema{}
	for name := range d.raw {
		if !wanted(name) {
			continue
		}
		s, err := d.schema(name)
		if err != nil {
			return nil, err
		}
		out[name] = s
	}
	return out, nil
}

// Kind adds the definition of a kind to schemas, and those that it refers to.
func (d *Document) Kind(kind schema.GroupVersionKind, schemas map[string]*spec.Schema) error {
	name, err := d.nameOf(kind)
	if err != nil {
		return err
	}
	for next := []string{name}; len(next) > 0; {
		name, next = next[0], next[1:]
		if schemas[name] != nil || d.raw[name] == nil {
			continue
		}
		if schemas[name], err = d.schema(name); err != nil {
			return err
		}
		next = append(next, references(d.raw[name])...)
	}
	return nil
}

// nameOf finds the definition that says it is for a kind.
func (d *Document) nameOf(kind schema.GroupVersionKind) (string, error) {
	clue, err := json.Marshal(kind.Kind)
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(d.raw)) {
		if !bytes.Contains(d.raw[name], clue) {
			continue
		}
		var definition struct {
			Kinds []schema.GroupVersionKind `json:"x-kubernetes-group-version-kind"`
		}
		if err := json.Unmarshal(d.raw[name], &definition); err != nil {
			return "", fmt.Errorf("read definition %s: %w", name, err)
		}
		// A definition for several kinds is one of options that all groups share.
		if len(definition.Kinds) == 1 && definition.Kinds[0] == kind {
			return name, nil
		}
	}
	return "", fmt.Errorf("no definition is for %s", kind)
}

func (d *Document) schema(name string) (*spec.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.read[name]; s != nil {
		return s, nil
	}
	s := &spec.Schema{}
	if err := json.Unmarshal(d.raw[name], s); err != nil {
		return nil, fmt.Errorf("read definition %s: %w", name, err)
	}
	d.read[name] = s
	return s, nil
}

var referenceTo = []byte(`"$ref":"#/components/schemas/`)

// references returns the names that a definition refers to.
func references(raw []byte) []string {
	var out []string
	for {
		_, rest, found := bytes.Cut(raw, referenceTo)
		if !found {
			return out
		}
		name, after, _ := bytes.Cut(rest, []byte(`"`))
		out, raw = append(out, string(name)), after
	}
}
