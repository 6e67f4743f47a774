package inventory

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	keyRecord = "record"
	// keyParts lists the further Secrets as a JSON array, in order.
	keyParts = "parts"
	// keyBase holds the version of the record that the part's save began from.
	keyBase = "base"
	// labelPart is on a further Secret; its value is the set's ID.
	labelPart = "setpoint.dev/inventory-part"
	// partNameBytes is how much of a hash is in a part's name, in hexadecimal.
	partNameBytes = 10
)

// split returns the parent's data and the names of the parts, which it has written. Parts are never changed once written, so
// an interrupted save leaves at worst a Secret that nothing names.
func (a *ApplySet) split(ctx context.Context, base string, raw []byte) (data map[string]any, names []string, err error) {
	data = map[string]any{}
	head := raw[:min(len(raw), a.opts.MaxBytes)]
	data[keyRecord] = base64.StdEncoding.EncodeToString(head)
	for chunk := range slices.Chunk(raw[len(head):], a.opts.MaxBytes) {
		name, err := a.writePart(ctx, base, chunk)
		if err != nil {
			return nil, nil, err
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return data, nil, nil
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, nil, err
	}
	data[keyParts] = base64.StdEncoding.EncodeToString(list)
	return data, names, nil
}

func (a *ApplySet) writePart(ctx context.Context, base string, chunk []byte) (string, error) {
	name := a.partName(base, chunk)
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret",
		"metadata": map[string]any{
			"name": name, "namespace": a.namespace,
			"labels": map[string]any{labelPart: a.ID()},
		},
		"data": map[string]any{
			keyRecord: base64.StdEncoding.EncodeToString(chunk),
			keyBase:   base64.StdEncoding.EncodeToString([]byte(base)),
		},
	}}
	_, err := a.client.Create(ctx, obj, cluster.WriteOptions{Manager: a.opts.Manager})
	if err != nil && !errors.Is(err, cluster.ErrAlreadyExists) {
		return "", err
	}
	return name, nil
}

// missingPart is a part that the parent names and that is not there: because another writer saved since the parent was read, or
// because somebody deleted it.
type missingPart struct{ name string }

func (e *missingPart) Error() string { return "part " + e.name + " is gone" }

// join returns the record's bytes from the parent and its parts.
func (a *ApplySet) join(ctx context.Context, parent *unstructured.Unstructured) ([]byte, error) {
	raw, err := value(parent, keyRecord)
	if err != nil {
		return nil, err
	}
	names, err := parts(parent)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		obj, err := a.client.Get(ctx, cluster.Ref{Kind: "Secret", Namespace: a.namespace, Name: name}, cluster.GetOptions{Version: "v1"})
		if errors.Is(err, cluster.ErrNotFound) {
			return nil, &missingPart{name}
		}
		if err != nil {
			return nil, err
		}
		chunk, err := value(obj, keyRecord)
		if err != nil {
			return nil, err
		}
		base, err := value(obj, keyBase)
		if err != nil {
			return nil, err
		}
		if name != a.partName(string(base), chunk) {
			return nil, fmt.Errorf("%w: part %s was changed", ErrCorrupt, name)
		}
		raw = append(raw, chunk...)
	}
	return raw, nil
}

// parts returns the names of the parent's parts, in order.
func parts(parent *unstructured.Unstructured) (names []string, err error) {
	list, err := value(parent, keyParts)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if err := json.Unmarshal(list, &names); err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", ErrCorrupt, keyParts, err)
	}
	return names, nil
}

// sweep removes the parts that the record had before this save. Only those: a part that another writer is about to name
// looks the same as one that nobody will ever name. What stays after a failure here is a Secret that nothing names.
func (a *ApplySet) sweep(ctx context.Context, old, keep []string) {
	for _, name := range old {
		if slices.Contains(keep, name) {
			continue
		}
		ref := cluster.Ref{Kind: "Secret", Namespace: a.namespace, Name: name}
		if err := a.client.Delete(ctx, ref, cluster.DeleteOptions{}); err != nil && !errors.Is(err, cluster.ErrNotFound) {
			return
		}
	}
}

// partName depends on the version that the save began from, so that no two saves share a part which one of them sweeps.
func (a *ApplySet) partName(base string, chunk []byte) string {
	h := sha256.New()
	h.Write([]byte(base + "\x00"))
	h.Write(chunk)
	return a.name + "-" + hex.EncodeToString(h.Sum(nil)[:partNameBytes])
}

// value decodes one key of a Secret's data. A key that is not there is empty.
func value(obj *unstructured.Unstructured, key string) ([]byte, error) {
	data, _, err := unstructured.NestedStringMap(obj.Object, "data")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	raw, err := base64.StdEncoding.DecodeString(data[key])
	if err != nil {
		return nil, fmt.Errorf("%w: key %s: %w", ErrCorrupt, key, err)
	}
	return raw, nil
}
