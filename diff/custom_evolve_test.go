package diff_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/diff"
)

// evolutions change the schema of a specification after objects were written.
var evolutions = map[string]func(spec o){
	"atomic map becomes granular":    func(spec o) { delete(spec["atomicMap"].(o), "x-kubernetes-map-type") },
	"granular map becomes atomic":    func(spec o) { spec["granular"].(o)["x-kubernetes-map-type"] = "atomic" },
	"atomic struct becomes granular": func(spec o) { delete(spec["atomicStruct"].(o), "x-kubernetes-map-type") },
	"struct becomes atomic":          func(spec o) { spec["struct"].(o)["x-kubernetes-map-type"] = "atomic" },
	"list map becomes atomic": func(spec o) {
		spec["byName"].(o)["x-kubernetes-list-type"] = "atomic"
		delete(spec["byName"].(o), "x-kubernetes-list-map-keys")
	},
	"atomic list becomes a list map": func(spec o) {
		spec["atomicItems"] = with(with(listOf("map", o{"type": "object", "required": l{"name"}, "properties": o{"name": o{"type": "string"}, "v": o{"type": "integer"}}}), "x-kubernetes-list-map-keys", l{"name"}), "x-kubernetes-list-type", "map")
	},
	"set becomes atomic":          func(spec o) { spec["set"].(o)["x-kubernetes-list-type"] = "atomic" },
	"atomic list becomes a set":   func(spec o) { spec["atomic"].(o)["x-kubernetes-list-type"] = "set" },
	"field goes":                  func(spec o) { delete(spec, "gone") },
	"field within goes":           func(spec o) { delete(spec["struct"].(o)["properties"].(o), "b") },
	"field with a default comes":  func(spec o) { spec["new"] = o{"type": "string", "default": "d"} },
	"default within comes":        func(spec o) { spec["struct"].(o)["properties"].(o)["new"] = o{"type": "integer", "default": int64(3)} },
	"default in list items comes": func(spec o) { spec["byName"].(o)["items"].(o)["properties"].(o)["v"].(o)["default"] = int64(7) },
	"default changes":             func(spec o) { spec["filled"].(o)["default"] = "other" },
	"default goes":                func(spec o) { delete(spec["filled"].(o), "default") },
	"struct becomes free":         func(spec o) { spec["struct"].(o)["x-kubernetes-preserve-unknown-fields"] = true },
	"free becomes a struct": func(spec o) {
		spec["free"] = o{"type": "object", "properties": o{"a": o{"type": "string"}}}
	},
	"nullable no more":    func(spec o) { delete(spec["nullable"].(o), "nullable") },
	"number becomes text": func(spec o) { spec["number"] = o{"x-kubernetes-int-or-string": true} },
}

func evolving() o {
	item := o{"type": "object", "required": l{"name"}, "properties": o{"name": o{"type": "string"}, "v": o{"type": "integer"}}}
	ab := o{"type": "object", "properties": o{"a": o{"type": "string"}, "b": o{"type": "string"}}}
	return o{
		"atomicMap": with(mapOf(o{"type": "string"}), "x-kubernetes-map-type", "atomic"), "granular": mapOf(o{"type": "string"}),
		"atomicStruct": with(runtime.DeepCopyJSON(ab), "x-kubernetes-map-type", "atomic"), "struct": runtime.DeepCopyJSON(ab),
		"byName":      with(listOf("map", runtime.DeepCopyJSON(item)), "x-kubernetes-list-map-keys", l{"name"}),
		"atomicItems": listOf("atomic", runtime.DeepCopyJSON(item)), "set": listOf("set", o{"type": "string"}), "atomic": listOf("atomic", o{"type": "string"}),
		"gone": o{"type": "string"}, "filled": o{"type": "string", "default": "one"}, "free": o{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
		"nullable": o{"type": "string", "nullable": true}, "number": o{"type": "integer"},
	}
}

// When the schema has changed since the objects were written, a comparison by the present one is what the server says.
func TestCompareAfterTheSchemaChanged(t *testing.T) {
	s := newCustomServer(t)
	seed := usualSeed(t, 2)
	var all []*custom
	n := 100
	evolved := map[string]*custom{}
	for name := range evolutions {
		c := &custom{kind: fmt.Sprintf("Corner%d", n), specs: map[string]o{}, served: []string{"v1"}}
		c.resource = customKind(n)
		c.specs["v1"] = o{"type": "object", "properties": o{"spec": o{"type": "object", "properties": evolving()}}}
		c.definition = c.define()
		evolved[name] = c
		all = append(all, c)
		n++
	}
	s.create(t, all)
	verdicts, refused := map[diff.Verdict]int{}, map[string]int{}
	histories := map[string][]*customHistory{}
	for name, c := range evolved {
		for i := range 4 {
			h := &customHistory{ctx: t.Context(), client: s.client, namespace: s.namespace, c: c, r: rand.New(rand.NewPCG(seed, uint64(i))), name: fmt.Sprintf("evolved-%d", i), steps: map[string]int{}}
			require.NoError(t, h.run())
			histories[name] = append(histories[name], h)
		}
	}
	for name, c := range evolved {
		c.specs["v1"] = runtime.DeepCopyJSON(c.specs["v1"])
		evolutions[name](c.specs["v1"]["properties"].(o)["spec"].(o)["properties"].(o))
		s.renew(t, c)
	}
	for _, c := range all {
		s.renewed(t, c)
	}
	for name, c := range evolved {
		for _, h := range histories[name] {
			for j := range 3 {
				p := &customPair{s: s, c: c, r: h.r, version: "v1"}
				p.desired = h.object("v1", 0, nil)
				if j == 0 && h.applied != nil {
					p.desired = h.applied
				}
				var err error
				p.live, err = h.of("v1").Get(t.Context(), h.name, metav1.GetOptions{})
				require.NoError(t, err)
				fault := p.judge(t.Context(), h, diff.New(us, s.schemas, nil), us)
				if !assert.NoError(t, fault, name) && *verbose {
					t.Logf("desired %s\n   live %s", canonicalText(p.desired.Object), canonicalText(p.live.Object))
				}
				verdicts[p.verdict]++
				if p.refusal != "" {
					refused[p.refusal]++
				}
			}
		}
	}
	t.Logf("verdicts %v, refused %v", verdicts, refused)
}

// renew puts the present schema of a kind in the place of the one that the server has, with a field that tells them apart.
func (s *customServer) renew(t *testing.T, c *custom) {
	t.Helper()
	c.specs["v1"]["properties"].(o)["renewed"] = o{"type": "string", "default": "yes"}
	c.definition = c.define()
	patch := canonicalText(l{o{"op": "replace", "path": "/spec/versions", "value": c.definition.Object["spec"].(o)["versions"]}})
	_, err := s.client.Resource(definitions).Patch(t.Context(), c.definition.GetName(), types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
	require.NoError(t, err)
	require.NoError(t, s.schemas.AddCRD(c.definition))
	require.NoError(t, s.set.AddDefinition(c.definition))
}

// renewed waits until the server serves a kind by its present schema.
func (s *customServer) renewed(t *testing.T, c *custom) {
	t.Helper()
	require.EventuallyWithT(t, func(check *assert.CollectT) {
		obj := &unstructured.Unstructured{Object: o{"apiVersion": customGroup + "/v1", "kind": c.kind, "metadata": o{"name": "probe"}}}
		out, err := s.client.Resource(c.resource).Namespace(s.namespace).Create(t.Context(), obj, metav1.CreateOptions{DryRun: []string{"All"}})
		if assert.NoError(check, err) {
			assert.Equal(check, "yes", out.Object["renewed"])
		}
	}, time.Minute, 50*time.Millisecond)
}
