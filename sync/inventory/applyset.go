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
	"strings"
	"sync"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// The ApplySet standard's names (KEP-3659).
const (
	// LabelID is on the parent; its value is the set's ID.
	LabelID = "applyset.kubernetes.io/id"
	// LabelPartOf is on every member; its value is the set's ID.
	LabelPartOf = "applyset.kubernetes.io/part-of"
	// AnnotationTooling is on the parent and names the tool that keeps the set.
	AnnotationTooling = "applyset.kubernetes.io/tooling"
	// AnnotationGroupKinds is on the parent and lists the kinds of the members.
	AnnotationGroupKinds = "applyset.kubernetes.io/contains-group-kinds"
	// AnnotationNamespaces is on the parent and lists the members' namespaces other than the parent's own.
	AnnotationNamespaces = "applyset.kubernetes.io/additional-namespaces"
)

// Tooling is the value of [AnnotationTooling] on parents that this package writes.
const Tooling = "setpoint/v0.1"

var (
	// ErrForeign: the Secret exists and is not the parent of a set kept by this package.
	ErrForeign = errors.New("not a set kept by setpoint")
	// ErrCorrupt: the parent is ours and its record cannot be read.
	ErrCorrupt = errors.New("corrupt record")
)

// Options configures an [ApplySet]. Nil means the defaults.
type Options struct {
	// Manager is the field manager of writes to the parent. Default "setpoint".
	Manager string
	// MaxBytes is how much of the compressed record one Secret holds; the server refuses Secrets over 1 MiB. Default
	// 900 KiB, which holds some 25,000 members.
	MaxBytes int
}

// ApplySet is an inventory with a Secret as the set's parent.
type ApplySet struct {
	client          cluster.Client
	namespace, name string
	opts            Options

	mu sync.Mutex
	// version and parts are of the record last loaded or saved here.
	version string
	parts   []string
}

var _ setsync.Inventory = (*ApplySet)(nil)

// NewApplySet names the inventory whose parent is the Secret namespace/name. It makes no request: the Secret is created by
// the first Save, in a namespace that must exist by then.
func NewApplySet(c cluster.Client, namespace, name string, opts *Options) (*ApplySet, error) {
	if namespace == "" || name == "" {
		return nil, fmt.Errorf("inventory %q/%q: both a namespace and a name are needed", namespace, name)
	}
	a := &ApplySet{client: c, namespace: namespace, name: name}
	if opts != nil {
		a.opts = *opts
	}
	if a.opts.Manager == "" {
		a.opts.Manager = "setpoint"
	}
	if a.opts.MaxBytes <= 0 {
		a.opts.MaxBytes = 900 << 10
	}
	return a, nil
}

// ID is the set's identity as the standard computes it from the parent's name, namespace and kind.
func (a *ApplySet) ID() string {
	sum := sha256.Sum256([]byte(a.name + "." + a.namespace + ".Secret."))
	return "applyset-" + base64.RawURLEncoding.EncodeToString(sum[:]) + "-v1"
}

// String names the parent: "Secret delivery/shop".
func (a *ApplySet) String() string { return a.parent().String() }

// Label puts the standard's membership label on obj. It is an error, and obj stays as it is, when obj is one of the Secrets
// that hold the record, and when it has labels that are no strings.
func (a *ApplySet) Label(obj *unstructured.Unstructured) error {
	if a.holds(cluster.RefOf(obj)) {
		return fmt.Errorf("the inventory %s keeps its record in it; choose another name for one of them", a)
	}
	labels := map[string]string{}
	if value, _, _ := unstructured.NestedFieldNoCopy(obj.Object, "metadata", "labels"); value != nil {
		var err error
		if labels, _, err = unstructured.NestedStringMap(obj.Object, "metadata", "labels"); err != nil {
			return fmt.Errorf("metadata.labels is not a map of strings: %w", err)
		}
	}
	labels[LabelPartOf] = a.ID()
	obj.SetLabels(labels)
	return nil
}

// holds says whether ref is the parent or has the name of a part.
func (a *ApplySet) holds(ref cluster.Ref) bool {
	parent := a.parent()
	if suffix, ok := strings.CutPrefix(ref.Name, a.name+"-"); ok {
		if raw, err := hex.DecodeString(suffix); err == nil && len(raw) == partNameBytes && suffix == strings.ToLower(suffix) {
			parent.Name = ref.Name
		}
	}
	return ref == parent
}

// maxLoads bounds how often a load begins anew because somebody saved meanwhile.
const maxLoads = 10

// Load reads the record from the parent. No parent is an empty record. A Secret that is not ours is [ErrForeign]. When
// somebody saves meanwhile, so that a part of the record is gone, Load begins anew; after ten times the error matches
// [cluster.ErrConflict].
func (a *ApplySet) Load(ctx context.Context) (*setsync.Record, error) {
	var gone error
	version := ""
	for range maxLoads {
		obj, err := a.client.Get(ctx, a.parent(), cluster.GetOptions{Version: "v1"})
		if errors.Is(err, cluster.ErrNotFound) {
			return &setsync.Record{}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("load inventory %s: %w", a, err)
		}
		if gone != nil && obj.GetResourceVersion() == version {
			return nil, fmt.Errorf("load inventory %s: %w: %w", a, ErrCorrupt, gone)
		}
		r, err := a.read(ctx, obj)
		if !errors.As(err, new(*missingPart)) {
			return r, err
		}
		gone, version = err, obj.GetResourceVersion()
	}
	return nil, fmt.Errorf("load inventory %s: %w: it was saved during each of %d reads", a, cluster.ErrConflict, maxLoads)
}

// read makes the record of the parent. The error is a [*missingPart] when a part is not there.
func (a *ApplySet) read(ctx context.Context, obj *unstructured.Unstructured) (*setsync.Record, error) {
	if err := a.ours(obj); err != nil {
		return nil, fmt.Errorf("load inventory %s: %w", a, err)
	}
	raw, err := a.join(ctx, obj)
	if errors.As(err, new(*missingPart)) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("load inventory %s: %w", a, err)
	}
	r, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("load inventory %s: %w: %w", a, ErrCorrupt, err)
	}
	r.Version = obj.GetResourceVersion()
	names, err := parts(obj)
	a.setParts(r.Version, names)
	return r, err
}

// Save writes the record and the standard's annotations in one request, which the server refuses when the parent is no
// longer at r.Version. Parts that do not fit are written before and old ones removed after, so that the parent names parts
// that exist at every moment. Labels and annotations that others put on the parent stay.
func (a *ApplySet) Save(ctx context.Context, r *setsync.Record) error {
	raw, err := encode(r)
	if err != nil {
		return fmt.Errorf("save inventory %s: %w", a, err)
	}
	data, names, err := a.split(ctx, r.Version, raw)
	if err != nil {
		return fmt.Errorf("save inventory %s: %w", a, err)
	}
	meta := map[string]any{
		"labels": map[string]any{LabelID: a.ID()},
		"annotations": map[string]any{
			AnnotationTooling:    Tooling,
			AnnotationGroupKinds: groupKinds(r.Members),
			AnnotationNamespaces: a.namespaces(r.Members),
		},
	}
	var w *cluster.Written
	if r.Version == "" {
		w, err = a.create(ctx, meta, data)
	} else {
		if len(names) == 0 {
			data[keyParts] = nil
		}
		meta["resourceVersion"] = r.Version
		w, err = a.patch(ctx, map[string]any{"metadata": meta, "data": data})
	}
	if err != nil {
		return fmt.Errorf("save inventory %s: %w", a, err)
	}
	old := a.partsAt(r.Version)
	r.Version = w.Object.GetResourceVersion()
	a.setParts(r.Version, names)
	a.sweep(ctx, old, names)
	return nil
}

func (a *ApplySet) partsAt(version string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.version != version {
		return nil
	}
	return a.parts
}

func (a *ApplySet) setParts(version string, names []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version, a.parts = version, names
}

func (a *ApplySet) create(ctx context.Context, meta, data map[string]any) (*cluster.Written, error) {
	meta["name"], meta["namespace"] = a.name, a.namespace
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data,
	}}
	w, err := a.client.Create(ctx, obj, cluster.WriteOptions{Manager: a.opts.Manager})
	switch {
	case errors.Is(err, cluster.ErrAlreadyExists):
		return nil, fmt.Errorf("%w: %w", cluster.ErrConflict, err)
	case errors.Is(err, cluster.ErrNotFound):
		return nil, fmt.Errorf("namespace %s does not exist; create it, or keep the inventory in one that exists: %w", a.namespace, err)
	}
	return w, err
}

func (a *ApplySet) patch(ctx context.Context, body map[string]any) (*cluster.Written, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	p := cluster.Patch{Type: types.MergePatchType, Data: raw, Version: "v1"}
	w, err := a.client.Patch(ctx, a.parent(), p, cluster.WriteOptions{Manager: a.opts.Manager})
	if errors.Is(err, cluster.ErrNotFound) {
		return nil, fmt.Errorf("%w: the parent was deleted: %w", cluster.ErrConflict, err)
	}
	return w, err
}

// ours says whether a Secret that exists is a parent that this package may read and write.
func (a *ApplySet) ours(obj *unstructured.Unstructured) error {
	id, tool := obj.GetLabels()[LabelID], obj.GetAnnotations()[AnnotationTooling]
	name, _, _ := strings.Cut(tool, "/")
	own, _, _ := strings.Cut(Tooling, "/")
	switch {
	case id == "" && tool == "":
		return fmt.Errorf("%w: it is not the parent of any set; choose another name", ErrForeign)
	case name != own:
		return fmt.Errorf("%w: annotation %s is %q; choose another name", ErrForeign, AnnotationTooling, tool)
	case id != a.ID():
		return fmt.Errorf("%w: label %s is %q and should be %q", ErrForeign, LabelID, id, a.ID())
	}
	return nil
}

func (a *ApplySet) parent() cluster.Ref {
	return cluster.Ref{Kind: "Secret", Namespace: a.namespace, Name: a.name}
}

func (a *ApplySet) namespaces(members []setsync.Member) string {
	var out []string
	for _, m := range members {
		if m.Namespace != "" && m.Namespace != a.namespace {
			out = append(out, m.Namespace)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}

func groupKinds(members []setsync.Member) string {
	var out []string
	for _, m := range members {
		out = append(out, m.GroupKind().String())
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}
