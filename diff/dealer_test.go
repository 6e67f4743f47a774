package diff_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/samples"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// dealer makes pairs of one kind: it writes an object by several managers, by apply and by update and through subresources, and
// says what is desired of it. What the kind has and no pair has shown yet comes first.
type dealer struct {
	*rand.Rand
	t        *testing.T
	deck     *samples.Deck
	facts    *schema.Facts
	gvk      apischema.GroupVersionKind
	kind     *schema.Kind
	client   dynamic.ResourceInterface
	other    dynamic.ResourceInterface // of the kind's second version, nil for none
	comparer *diff.Comparer
	run      string
	space    string // the namespace, empty for none
	status   map[string]any
	seen     *coverage
	budget   int

	n      int // the number of the object
	base   map[string]any
	ours   map[string]any // what we applied last
	live   *unstructured.Unstructured
	faults []string
}

func newDealer(t *testing.T, s *server, deck *samples.Deck, f *schema.Facts, seed uint64, run, space string) *dealer {
	t.Helper()
	gvk := apischema.GroupVersionKind{Group: f.Group, Version: f.Version, Kind: f.Kind}
	h := fnv.New64a()
	_, _ = h.Write([]byte(f.Group + "/" + f.Kind))
	d := &dealer{
		Rand: rand.New(rand.NewPCG(seed, h.Sum64())), t: t, deck: deck, facts: f, gvk: gvk, kind: s.set.Kinds(gvk)[0], run: run,
		comparer: diff.New(us, s.schemas, nil), status: statuses(t)[gvk.GroupKind()],
	}
	at := func(version string) dynamic.ResourceInterface {
		all := s.client.Resource(apischema.GroupVersionResource{Group: f.Group, Version: version, Resource: f.Resource})
		if f.Namespaced {
			return all.Namespace(space)
		}
		return all
	}
	d.client = at(f.Version)
	if f.Namespaced {
		d.space = space
	}
	if f.Group == "autoscaling" {
		d.other = at("v1")
	}
	d.seen = newCoverage(d.kind, deck)
	return d
}

// deal deals and judges pairs until the budget is used up.
func (d *dealer) deal() {
	for tries := 0; d.seen.pairs < d.budget && len(d.faults) < maxFaults && tries < 2*d.budget; tries++ {
		d.start()
		for range d.pairsOfOne() {
			if d.seen.pairs >= d.budget || d.live == nil {
				break
			}
			d.judge(d.desire())
			for range d.IntN(3) {
				d.write()
			}
		}
	}
	for tries := 0; len(d.seen.missing()) > 0 && len(d.faults) < maxFaults && tries < maxMore; tries++ {
		d.start()
	}
}

// A dealer gives up after so many faults, and after so many objects that are made for the places that are missing in the end.
const (
	maxFaults = 3
	maxMore   = 60
)

// pairsOfOne says how many pairs there are of one object. A definition is expensive for a server, and every kind has some.
func (d *dealer) pairsOfOne() int {
	if d.facts.Kind == "CustomResourceDefinition" {
		return 12
	}
	if len(d.seen.missing()) > 0 {
		return 2
	}
	return 4
}

// start makes a new object, with a structure in it that has a default which was not needed yet.
func (d *dealer) start() {
	d.n++
	d.live, d.ours = nil, nil
	wanted := d.seen.missing()
	place := ""
	if len(wanted) > 0 {
		place = wanted[d.IntN(len(wanted))]
	}
	// With many places at once it may not be a valid object.
	for _, more := range []int{d.IntN(7), 1, 0} {
		d.base = d.deck.Draw(d.Rand, d.gvk, place)
		for _, i := range d.Perm(len(wanted))[:min(len(wanted), more)] {
			d.base, _ = d.deck.Reach(d.Rand, d.gvk, d.base, wanted[i])
		}
		if place != "" {
			d.base, _ = d.deck.Reach(d.Rand, d.gvk, d.base, place)
		}
		if more > 1 && d.IntN(4) == 0 {
			d.base = d.deck.Vary(d.Rand, d.gvk, d.base, &samples.Variation{Steps: 1 + d.IntN(8)})
		}
		d.name(d.base)
		if len(wanted) == 0 {
			break
		}
		// What is written out, is ours and is left out then takes the default, even where nothing may change.
		if d.apply(us, d.client, d.kind.Store(d.base)); d.live != nil {
			d.annotate()
			d.judge(d.base)
			break
		}
	}
	for try := 0; try < 4 && d.live == nil; try++ {
		d.create()
	}
	for range d.IntN(4) {
		d.write()
	}
}

// annotate has somebody else apply an annotation.
func (d *dealer) annotate() {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetAPIVersion(d.live.GetAPIVersion())
	u.SetKind(d.live.GetKind())
	u.SetName(d.live.GetName())
	u.SetAnnotations(map[string]string{"by": "hpa"})
	live, err := d.client.Apply(d.t.Context(), u.GetName(), u, metav1.ApplyOptions{FieldManager: "hpa", Force: true})
	d.wrote("annotate", live, err)
}

// name gives an object its name.
func (d *dealer) name(obj map[string]any) {
	name := fmt.Sprintf("%s-%d", d.run, d.n)
	u := &unstructured.Unstructured{Object: obj}
	if d.facts.Kind == "CustomResourceDefinition" {
		group := name + ".example.com"
		_ = unstructured.SetNestedField(obj, group, "spec", "group")
		plural, _, _ := unstructured.NestedString(obj, "spec", "names", "plural")
		name = plural + "." + group
	}
	if d.live != nil {
		name = d.live.GetName()
	}
	u.SetName(name)
	u.SetNamespace(d.space)
}

// create writes the object for the first time: mostly it is ours, often with every default written out.
func (d *dealer) create() {
	obj := runtime.DeepCopyJSON(d.base)
	switch d.IntN(8) {
	case 0, 1, 2:
		obj = d.kind.Store(obj)
		d.apply(us, d.client, obj)
	case 3, 4:
		d.apply(us, d.client, d.varied(d.base))
	case 5:
		d.apply(us, d.client, obj)
	case 6:
		d.apply("helm", d.client, d.varied(d.base))
	default:
		live, err := d.client.Create(d.t.Context(), &unstructured.Unstructured{Object: obj}, metav1.CreateOptions{FieldManager: "editor"})
		d.wrote("create", live, err)
	}
}

// write has somebody write the object.
func (d *dealer) write() {
	if d.live == nil {
		return
	}
	switch d.IntN(12) {
	case 0, 1, 2:
		d.apply(us, d.client, d.varied(d.base))
	case 3:
		d.apply(us, d.client, d.kind.Store(d.varied(d.base)))
	case 4, 5:
		d.apply([]string{"helm", "hpa"}[d.IntN(2)], d.client, d.varied(d.base))
	case 6, 7:
		d.apply([]string{"helm", "hpa"}[d.IntN(2)], d.client, d.thin(d.base))
	case 8:
		d.merge(types.MergePatchType)
	case 9:
		d.update()
	case 10:
		d.writeStatus()
	default:
		d.elsewhere()
	}
}

func (d *dealer) varied(obj map[string]any) map[string]any {
	return d.deck.Vary(d.Rand, d.gvk, obj, &samples.Variation{Steps: d.IntN(10), Keep: d.frozen()})
}

func (d *dealer) thin(obj map[string]any) map[string]any {
	return d.deck.Vary(d.Rand, d.gvk, obj, &samples.Variation{Steps: 20, Thin: true})
}

// frozen returns the fields that an update may not change. Now and then it lets them be changed.
func (d *dealer) frozen() func([]string) bool {
	if d.live == nil || d.IntN(12) == 0 {
		return nil
	}
	return func(path []string) bool {
		for _, state := range d.facts.Frozen {
			for _, f := range state {
				if prefixed(path, f.Path) && !slices.ContainsFunc(f.Except, func(e []string) bool {
					return prefixed(path[len(f.Path):], e) || prefixed(e, path[len(f.Path):])
				}) {
					return true
				}
			}
		}
		return false
	}
}

func prefixed(path, prefix []string) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

func (d *dealer) apply(manager string, client dynamic.ResourceInterface, obj map[string]any) {
	u := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(obj)}
	live, err := client.Apply(d.t.Context(), u.GetName(), u, metav1.ApplyOptions{FieldManager: manager, Force: true})
	if d.wrote("apply", live, err) && manager == us {
		d.ours = obj
	}
}

func (d *dealer) merge(how types.PatchType) {
	patch, err := json.Marshal(d.varied(d.base))
	require.NoError(d.t, err)
	live, err := d.client.Patch(d.t.Context(), d.live.GetName(), how, patch, metav1.PatchOptions{FieldManager: "editor"})
	d.wrote("patch", live, err)
}

// update writes what is there with changes.
func (d *dealer) update() {
	obj := d.deck.Vary(d.Rand, d.gvk, d.live.Object, &samples.Variation{Steps: 1 + d.IntN(6), Keep: d.frozen()})
	live, err := d.client.Update(d.t.Context(), &unstructured.Unstructured{Object: obj}, metav1.UpdateOptions{FieldManager: "kubectl-edit"})
	d.wrote("update", live, err)
}

// writeStatus writes the status, by update or apply.
func (d *dealer) writeStatus() {
	if d.status == nil {
		return
	}
	var live *unstructured.Unstructured
	var err error
	if d.IntN(2) == 0 {
		u := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": d.live.GetAPIVersion(), "kind": d.live.GetKind(), "metadata": map[string]any{"name": d.live.GetName()},
			"status": runtime.DeepCopyJSON(d.status),
		}}
		live, err = d.client.ApplyStatus(d.t.Context(), u.GetName(), u, metav1.ApplyOptions{FieldManager: "status-applier", Force: true})
	} else {
		u := d.live.DeepCopy()
		u.Object["status"] = runtime.DeepCopyJSON(d.status)
		live, err = d.client.UpdateStatus(d.t.Context(), u, metav1.UpdateOptions{FieldManager: "controller"})
	}
	d.wrote("status", live, err)
}

// elsewhere writes through the subresource scale, or at the kind's other version, or by a patch.
func (d *dealer) elsewhere() {
	switch {
	case d.other != nil:
		u := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": d.gvk.Group + "/v1", "kind": d.gvk.Kind, "metadata": map[string]any{"name": d.live.GetName()},
			"spec": map[string]any{"maxReplicas": int64(5 + d.IntN(3)), "scaleTargetRef": d.live.Object["spec"].(map[string]any)["scaleTargetRef"]},
		}}
		_, err := d.other.Apply(d.t.Context(), u.GetName(), u, metav1.ApplyOptions{FieldManager: "old", Force: true})
		live, readErr := d.client.Get(d.t.Context(), u.GetName(), metav1.GetOptions{})
		require.NoError(d.t, readErr)
		d.wrote("other version", live, err)
	case slices.Contains([]string{"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"}, d.facts.Kind):
		patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, d.IntN(4))
		_, err := d.client.Patch(d.t.Context(), d.live.GetName(), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "scaler"}, "scale")
		live, readErr := d.client.Get(d.t.Context(), d.live.GetName(), metav1.GetOptions{})
		require.NoError(d.t, readErr)
		d.wrote("scale", live, err)
	default:
		d.merge(types.StrategicMergePatchType)
	}
}

// wrote takes note of a write.
func (d *dealer) wrote(how string, live *unstructured.Unstructured, err error) bool {
	d.seen.write(how, err == nil)
	if err != nil {
		if *verbose {
			d.t.Logf("%s: %s of object %d: %v", d.gvk.Kind, how, d.n, err)
		}
		if apierrors.IsServerTimeout(err) || apierrors.IsInternalError(err) && *verbose {
			d.t.Log(err)
		}
		return false
	}
	// An answer is not always what a reader sees: a strategy may fill in what leads to more defaults.
	if d.facts.Kind == "CustomResourceDefinition" || d.IntN(8) == 0 {
		if read, err := d.client.Get(d.t.Context(), live.GetName(), metav1.GetOptions{}); err == nil {
			live = read
		}
	}
	d.live = live
	return true
}

// desire says what is desired, such that the server takes it as far as one can tell.
func (d *dealer) desire() map[string]any {
	for try := 0; ; try++ {
		obj := d.base
		switch n := d.IntN(16); {
		case try > 4:
			if d.ours != nil {
				obj = d.ours
			}
		case n < 3 && d.ours != nil:
			obj = d.ours
		case n < 7:
		case n < 12:
			obj = d.varied(d.base)
		case n < 14 && d.ours != nil:
			obj = d.varied(d.ours)
		case n == 14:
			obj = d.deck.Vary(d.Rand, d.gvk, d.base, &samples.Variation{Steps: 6, Thin: true, Keep: d.frozen()})
		default:
			obj = d.deck.Vary(d.Rand, d.gvk, stripped(d.live), &samples.Variation{Steps: d.IntN(6), Keep: d.frozen()})
		}
		obj = runtime.DeepCopyJSON(obj)
		if try > 5 || d.IntN(16) == 0 || d.taken(obj) {
			return obj
		}
	}
}

// taken says whether a server is likely to take an apply.
func (d *dealer) taken(obj map[string]any) bool {
	prepared, err := d.comparer.Prepare(&unstructured.Unstructured{Object: obj})
	if err != nil {
		return false
	}
	out, err := d.comparer.Compare(prepared, d.live)
	if err != nil {
		return true
	}
	predicted, err := out.Predicted()
	return err != nil || d.deck.Takes(d.gvk, predicted.Object, d.live.Object)
}

// stripped returns a live object as people copy it into a manifest.
func stripped(live *unstructured.Unstructured) map[string]any {
	u := live.DeepCopy()
	delete(u.Object, "status")
	for _, f := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp"} {
		unstructured.RemoveNestedField(u.Object, "metadata", f)
	}
	return u.Object
}

// judge compares what a comparison says with what the server says.
func (d *dealer) judge(obj map[string]any) {
	desired := &unstructured.Unstructured{Object: runtime.DeepCopyJSON(obj)}
	d.name(desired.Object)
	p := &pair{t: d.t, client: d.client, kind: d.kind, desired: desired, live: d.live}
	fault := p.judge(d.comparer)
	d.seen.pairs++
	if p.refusal != nil {
		d.seen.refused++
		if *verbose {
			d.t.Logf("%s: apply of object %d refused: %v", d.gvk.Kind, d.n, p.refusal)
		}
		return
	}
	if fault != nil {
		text := fmt.Sprintf("pair %d of %s, object %d: %v", d.seen.pairs, d.gvk.Kind, d.n, fault)
		if *verbose {
			text += fmt.Sprintf("\ndesired %s\n   live %s", asText(d.t, desired.Object), asText(d.t, d.live.Object))
		}
		d.faults = append(d.faults, text)
		return
	}
	d.seen.accept(p, d.comparer)
}
