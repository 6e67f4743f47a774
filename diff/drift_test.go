package diff_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

func drift(t testing.TB, applied string, live *unstructured.Unstructured) *diff.Drift {
	t.Helper()
	c := diff.New(us, nil, nil)
	d, err := c.Prepare(object(t, applied))
	require.NoError(t, err)
	out, err := c.Drift(d, live)
	require.NoError(t, err)
	return out
}

func managers(owners []diff.Owner) []string {
	out := []string{}
	for _, o := range owners {
		out = append(out, o.Manager+" "+o.Operation)
	}
	return out
}

// What moved, from what to what, and who may have done it.
func TestDrift(t *testing.T) {
	remove := func(path ...string) func(map[string]any) {
		return func(obj map[string]any) { unstructured.RemoveNestedField(obj, path...) }
	}
	helmReplicas := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 6}}"
	type moved struct {
		Path     string
		Op       diff.Op
		Was, Is  any
		Owners   []string
		Suspects []string
	}
	rows := map[string]struct {
		live     func(s *store) *store
		want     []moved
		suspects []string
		unsure   int
	}{
		"nothing":                   {func(s *store) *store { return s }, nil, []string{}, 0},
		"beside our fields":         {func(s *store) *store { return s.update("hpa", change("spec.minReadySeconds", int64(5))) }, nil, []string{"hpa Update"}, 0},
		"a default that is not our": {func(s *store) *store { return s.update("edit", change("spec.revisionHistoryLimit", int64(1))) }, nil, []string{"edit Update"}, 0},
		"changed by an update": {
			func(s *store) *store { return s.update("edit", change("spec.replicas", int64(5))) },
			[]moved{{".spec.replicas", diff.Replace, int64(3), int64(5), []string{"edit Update"}, []string{"edit Update"}}}, []string{"edit Update"}, 0,
		},
		"changed by an apply": {
			func(s *store) *store { return s.apply("helm", helmReplicas) },
			[]moved{{".spec.replicas", diff.Replace, int64(3), int64(6), []string{"helm Apply"}, []string{"helm Apply"}}}, []string{"helm Apply"}, 0,
		},
		"changed, and others wrote elsewhere": {
			func(s *store) *store {
				return s.update("edit", change("spec.replicas", int64(5))).update("hpa", change("spec.minReadySeconds", int64(5)))
			},
			[]moved{{".spec.replicas", diff.Replace, int64(3), int64(5), []string{"edit Update"}, []string{"edit Update"}}}, []string{"edit Update", "hpa Update"}, 0,
		},
		"changed and changed back": {
			func(s *store) *store {
				return s.update("edit", change("spec.replicas", int64(5))).update("edit", change("spec.replicas", int64(3)))
			}, nil, []string{"edit Update"}, 0,
		},
		"removed": {
			func(s *store) *store {
				return s.update("edit", change("spec.minReadySeconds", int64(5))).update("edit", remove("metadata", "labels"))
			},
			[]moved{{".metadata.labels", diff.Remove, fields{"team": "a"}, nil, []string{}, []string{"edit Update"}}}, []string{"edit Update"}, 0,
		},
		"removed by somebody who has written nothing else": {
			func(s *store) *store { return s.update("edit", remove("metadata", "labels")) },
			[]moved{{".metadata.labels", diff.Remove, fields{"team": "a"}, nil, []string{}, []string{}}}, []string{}, 0,
		},
		"something else was applied last": {
			func(s *store) *store {
				return s.apply(us, reworded(web, "spec:", "spec:\n  minReadySeconds: 3"))
			}, nil, []string{}, 1,
		},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			out := drift(t, web, row.live(newStore(t, web).apply(us, web)).live())
			var got []moved
			for _, m := range out.Moved {
				got = append(got, moved{m.Path, m.Op, m.Was.Interface(), m.Is.Interface(), managers(m.Owners), managers(m.Suspects)})
				if len(m.Owners) > 0 {
					assert.Equal(t, m.Owners[0].Manager, m.LastWrite.Manager)
				} else {
					assert.Nil(t, m.LastWrite)
				}
			}
			assert.Equal(t, row.want, got)
			assert.Equal(t, row.suspects, managers(out.Suspects))
			assert.Len(t, out.Unsure, row.unsure)
			assert.False(t, out.LastApplied.IsZero())
		})
	}
}

// An admission webhook leaves no account: we own what it changed as before.
func TestDriftByAdmission(t *testing.T) {
	onPlanes(t, func(t *testing.T, p *plane) {
		p.admit(nil)
		obj := p.object(t, web)
		p.apply(t, us, obj)
		p.admit(set("spec.replicas", int64(9)))
		live := p.patch(t, obj, `{"metadata":{"annotations":{"a":"b"}}}`)
		c := diff.New(us, p.schemas, nil)
		d, err := c.Prepare(obj)
		require.NoError(t, err)
		out, err := c.Drift(d, live)
		require.NoError(t, err)
		require.Len(t, out.Moved, 1)
		m := out.Moved[0]
		assert.Equal(t, ".spec.replicas", m.Path)
		assert.Equal(t, []string{"setpoint Apply"}, managers(m.Owners))
		assert.Nil(t, m.LastWrite)
		assert.Equal(t, []string{"editor Update"}, managers(m.Suspects))
	})
}

// Without a live object all is gone, and without a record of ours nobody is free of suspicion.
func TestDriftWithoutARecord(t *testing.T) {
	out := drift(t, web, nil)
	require.Len(t, out.Moved, 1)
	assert.Equal(t, diff.Remove, out.Moved[0].Op)
	assert.Empty(t, out.Moved[0].Path)
	assert.False(t, out.Moved[0].Is.Present())

	out = drift(t, web, newStore(t, web).apply("helm", reworded(web, "replicas: 3", "replicas: 4")).live())
	require.Len(t, out.Moved, 1)
	assert.Equal(t, []string{"helm Apply"}, managers(out.Suspects))
	require.Len(t, out.Unsure, 1)
	assert.Equal(t, `no apply of "setpoint" is on record: there was none, or others have taken all that it set, or cleared the record`, out.Unsure[0].Message)
	assert.True(t, out.LastApplied.IsZero())

	unknown := "{apiVersion: example.com/v1, kind: Route, metadata: {name: r, namespace: shop}, spec: {weight: 1}}"
	live := object(t, reworded(unknown, "weight: 1", "weight: 2"))
	live.SetResourceVersion("1")
	out = drift(t, unknown, live)
	assert.Empty(t, out.Moved)
	assert.NotEmpty(t, out.Unsure)
}

// The content of a Secret does not show.
func TestDriftHidesSecrets(t *testing.T) {
	const text = "{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: shop}, data: {password: Y29ycmVjdCBob3JzZSBiYXR0ZXJ5}}"
	out := drift(t, text, newStore(t, text).apply(us, text).update("edit", change("data.password", "c3RhcGxlIHN0YXBsZSBzdGFwbGU=")).live())
	hides(t, out)
}

// The server writes the text of a Secret into its data, where others change it.
func TestDriftOfASecretsText(t *testing.T) {
	const text = "{apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {password: correct horse battery, user: admin}}"
	onPlanes(t, func(t *testing.T, p *plane) {
		p.admit(nil)
		obj := p.object(t, text)
		live := p.patch(t, p.apply(t, us, obj), `{"data":{"password":"c3RhcGxlIHN0YXBsZSBzdGFwbGU="}}`)
		c := diff.New(us, p.schemas, nil)
		d, err := c.Prepare(obj)
		require.NoError(t, err)
		out, err := c.Drift(d, live)
		require.NoError(t, err)
		hides(t, out)
		assert.Equal(t, []string{"editor Update"}, managers(out.Moved[0].Suspects))
	})
}

func hides(t *testing.T, out *diff.Drift) {
	require.Len(t, out.Moved, 1)
	assert.Equal(t, ".data.password", out.Moved[0].Path)
	assert.True(t, out.Moved[0].Was.Secret() && out.Moved[0].Is.Secret())
	shown := fmt.Sprintf("%v %+v %#v %s", out, *out, out.Moved, asText(t, out))
	for _, secret := range []string{"correct horse", "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", "staple staple", "c3RhcGxlIHN0YXBsZSBzdGFwbGU="} {
		assert.NotContains(t, shown, secret)
	}
}

// site is where an object is written by several managers.
type site interface {
	apply(manager string, obj *unstructured.Unstructured)
	update(manager string, change func(map[string]any))
	live() *unstructured.Unstructured
}

type storeSite struct{ s *store }

func (s storeSite) apply(manager string, obj *unstructured.Unstructured) {
	require.NoError(s.s.t, s.s.manager.Apply(obj.DeepCopy(), manager, true))
}
func (s storeSite) update(manager string, change func(map[string]any)) { s.s.update(manager, change) }
func (s storeSite) live() *unstructured.Unstructured                   { return s.s.live() }

type planeSite struct {
	t   testing.TB
	p   *plane
	ref cluster.Ref
}

func (s planeSite) apply(manager string, obj *unstructured.Unstructured) {
	s.p.apply(s.t, manager, obj)
}

func (s planeSite) update(manager string, change func(map[string]any)) {
	obj := s.live()
	change(obj.Object)
	_, err := s.p.client.Replace(s.t.Context(), obj, cluster.WriteOptions{Manager: manager})
	require.NoError(s.t, err)
}

func (s planeSite) live() *unstructured.Unstructured {
	obj, err := s.p.client.Get(s.t.Context(), s.ref, cluster.GetOptions{})
	require.NoError(s.t, err)
	return obj
}

// leaf is a place that can be changed and removed: the names that lead to it, with "web" of a list by its name.
type leaf struct {
	path      []string
	values    []any
	removable bool
	// whole is for what is owned as one.
	whole bool
}

// step goes down by a name, in a list to the item of that name.
func step(v any, name string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		below, ok := v[name]
		return below, ok
	case []any:
		i := slices.IndexFunc(v, func(item any) bool { m, _ := item.(map[string]any); return m["name"] == name })
		if i < 0 {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}

func lookup(obj any, path []string) (any, bool) {
	for _, name := range path {
		var ok bool
		if obj, ok = step(obj, name); !ok {
			return nil, false
		}
	}
	return obj, true
}

// text writes the path of the place, or of what holds it and is gone with it.
func (l leaf) text(applied, live map[string]any) string {
	b, at := "", any(applied)
	for i, name := range l.path {
		if _, ok := at.([]any); ok {
			b += fmt.Sprintf("[name=%q]", name)
		} else {
			b += "." + name
		}
		at, _ = step(at, name)
		v, ok := lookup(live, l.path[:i+1])
		if m, is := v.(map[string]any); !ok || is && len(m) == 0 {
			return b
		}
	}
	return b
}

// write sets the place in an object, or removes it.
func (l leaf) write(obj map[string]any, v any) {
	holder, ok := lookup(obj, l.path[:len(l.path)-1])
	if !ok {
		return
	}
	last := l.path[len(l.path)-1]
	if m, ok := holder.(map[string]any); ok {
		if v == nil {
			delete(m, last)
			if len(m) == 0 && len(l.path) > 2 {
				leaf{path: l.path[:len(l.path)-1]}.write(obj, nil)
			}
			return
		}
		m[last] = v
	}
}

// sparse returns an object that states nothing but the place.
func (l leaf) sparse(obj *unstructured.Unstructured, v any) *unstructured.Unstructured {
	out := &unstructured.Unstructured{Object: fields{"apiVersion": obj.GetAPIVersion(), "kind": obj.GetKind(), "metadata": fields{"name": obj.GetName()}}}
	out.SetNamespace(obj.GetNamespace())
	var build func(in any, path []string) any
	build = func(in any, path []string) any {
		if len(path) == 0 {
			return v
		}
		below, _ := step(in, path[0])
		if _, ok := in.([]any); ok {
			item := build(below, path[1:]).(map[string]any)
			item["name"] = path[0]
			return []any{item}
		}
		return fields{path[0]: build(below, path[1:])}
	}
	for k, below := range build(obj.Object, l.path).(map[string]any) {
		if m, ok := out.Object[k].(map[string]any); ok {
			for k, v := range below.(map[string]any) {
				m[k] = v
			}
			continue
		}
		out.Object[k] = below
	}
	return out
}

// places are the leaves of a random object that others move, as far as it has them.
func places(obj map[string]any) []leaf {
	words := []any{"a", "b", "c", "x"}
	all := []leaf{
		{path: []string{"metadata", "labels", "team"}, values: words, removable: true}, {path: []string{"metadata", "labels", "tier"}, values: words, removable: true},
		{path: []string{"metadata", "annotations", "note"}, values: words, removable: true}, {path: []string{"metadata", "annotations", "seen"}, values: words, removable: true},
		{path: []string{"data", "a"}, values: words, removable: true}, {path: []string{"data", "b"}, values: words, removable: true}, {path: []string{"data", "c"}, values: words, removable: true},
		{path: []string{"spec", "replicas"}, values: []any{int64(1), int64(2), int64(7)}}, {path: []string{"spec", "selector"}, values: []any{fields{"app": "x"}, fields{"app": "y", "zone": "z"}}, whole: true},
		{path: []string{"spec", "template", "metadata", "annotations", "note"}, values: words, removable: true},
		{path: []string{"spec", "template", "spec", "containers", "web", "image"}, values: []any{"web:a", "web:x"}},
		{path: []string{"spec", "template", "spec", "containers", "web", "args"}, values: []any{[]any{"x"}, []any{"a", "b"}}, removable: true},
		{path: []string{"spec", "template", "spec", "containers", "web", "env", "A", "value"}, values: words},
		{path: []string{"spec", "template", "spec", "containers", "web", "env", "B", "value"}, values: words},
	}
	return slices.DeleteFunc(all, func(l leaf) bool {
		_, ok := lookup(obj, l.path)
		return !ok || l.whole && obj["kind"] != "Service"
	})
}

// Whoever moves our fields, by which operation: exactly these are found, and of what is still there the writer is among the suspects.
func TestDriftFindsExactlyWhatMoved(t *testing.T) {
	seed := ourSeed(t)
	moves := map[string]int{}
	check := func(t *testing.T, c *diff.Comparer, r *rand.Rand, kind int, s site, obj *unstructured.Unstructured) {
		s.apply(us, obj)
		d, err := c.Prepare(obj)
		require.NoError(t, err)
		out, err := c.Drift(d, s.live())
		require.NoError(t, err)
		require.Empty(t, out.Moved)
		require.Empty(t, out.Unsure)
		all := places(obj.Object)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		writers := map[string]string{}
		for i, l := range all[:min(len(all), r.IntN(4))] {
			was, _ := lookup(obj.Object, l.path)
			value := l.values[r.IntN(len(l.values))]
			// A second apply of the same manager would take back what its first one set.
			writer := oneOf(r, "edit Update", "hpa Update", fmt.Sprint("helm-", i, " Apply"))
			manager, operation, _ := strings.Cut(writer, " ")
			switch {
			case l.removable && r.IntN(3) == 0:
				operation = "removal"
				s.update(manager, func(obj map[string]any) { l.write(obj, nil) })
				writers[strings.Join(l.path, "/")] = ""
			case assert.ObjectsAreEqual(was, value):
				continue
			case operation == "Apply":
				s.apply(manager, l.sparse(obj, value))
				writers[strings.Join(l.path, "/")] = writer
			default:
				s.update(manager, func(obj map[string]any) { l.write(obj, value) })
				writers[strings.Join(l.path, "/")] = writer
			}
			moves[operation]++
		}
		if r.IntN(2) == 0 { // Beside our fields.
			s.update("neighbour", change("metadata.annotations.theirs", "x"))
		}
		live := s.live()
		want := map[string]string{}
		for _, l := range all {
			if writer, ok := writers[strings.Join(l.path, "/")]; ok {
				want[l.text(obj.Object, live.Object)] = writer
			}
		}
		out, err = c.Drift(d, live)
		require.NoError(t, err)
		got := map[string]string{}
		for _, m := range out.Moved {
			got[m.Path] = want[m.Path]
			if writer := want[m.Path]; writer != "" {
				require.Contains(t, managers(m.Suspects), writer, m.Path)
				require.Contains(t, managers(m.Owners), writer, m.Path)
				require.Contains(t, managers(out.Suspects), writer, m.Path)
				require.False(t, m.LastWrite.Time.Before(out.LastApplied))
			}
			require.Equal(t, m.Op == diff.Remove, !m.Is.Present())
		}
		require.Equal(t, want, got, "%s\n%s", asText(t, obj.Object), asText(t, live.Object))
		if !slices.ContainsFunc(live.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool { return e.Manager == us }) {
			require.Len(t, out.Unsure, 1, "all that was ours has moved")
			return
		}
		require.Empty(t, out.Unsure)
		require.False(t, out.LastApplied.IsZero() || out.LastApplied.After(time.Now().Add(time.Minute)))
	}
	t.Run("store", func(t *testing.T) {
		c := diff.New(us, nil, nil)
		for i := range 200 {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			obj := randomObject(r, i, "drift")
			obj.SetNamespace("shop")
			check(t, c, r, i, storeSite{newStore(t, asText(t, obj.Object))}, obj)
		}
	})
	onPlanes(t, func(t *testing.T, p *plane) {
		p.admit(nil)
		c := diff.New(us, p.schemas, nil)
		for i := range 60 {
			r := rand.New(rand.NewPCG(seed, uint64(1000+i)))
			obj := randomObject(r, i, fmt.Sprint("drift-", i))
			obj.SetNamespace(p.namespace)
			check(t, c, r, i, planeSite{t, p, cluster.RefOf(obj)}, obj)
		}
	})
	t.Logf("moved: %v", moves)
	assert.Len(t, moves, 3)
}
