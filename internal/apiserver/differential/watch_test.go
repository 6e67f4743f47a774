package differential_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// How long a watch may take to tell of what has been written.
const waitForEvents = 30 * time.Second

// stream is a watch on one side.
type stream struct {
	body   io.ReadCloser
	decode *json.Decoder
}

// watch opens a watch and returns when the server has begun to answer it.
func (s *side) watch(t *testing.T, path, accept string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitForEvents)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.host+path, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", accept)
	r.Header.Set("User-Agent", differentialAgent+"/1")
	response, err := s.client.Do(r)
	require.NoError(t, err, s.name)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, http.StatusOK, response.StatusCode, "%s %s", s.name, path)
	return &stream{response.Body, json.NewDecoder(response.Body)}
}

// told is an event as it is compared.
type told struct {
	Type   string
	Object map[string]any
}

// until reads events up to the last one that the test writes. Bookmarks come when a server likes, but for the one after the
// initial events.
func (s *stream) until(t *testing.T, last string) []told {
	t.Helper()
	var out []told
	for {
		var e struct {
			Type   string         `json:"type"`
			Object map[string]any `json:"object"`
		}
		require.NoError(t, s.decode.Decode(&e), "after %d events", len(out))
		ended, _ := at(e.Object, "/metadata/labels/ended")
		name, _ := at(e.Object, "/metadata/name")
		meta, _ := e.Object["metadata"].(map[string]any)
		notes, _ := meta["annotations"].(map[string]any)
		switch {
		case e.Type != "BOOKMARK":
			out = append(out, told{e.Type, masked(reply{body: e.Object})})
		case notes["k8s.io/initial-events-end"] == "true": // of the object, only this is meant
			out = append(out, told{e.Type, map[string]any{"apiVersion": e.Object["apiVersion"], "kind": e.Object["kind"]}})
		}
		if ended == "yes" && name == last {
			return out
		}
	}
}

// view is a way to watch a kind.
type view struct {
	name, accept string
	query        url.Values
	// from says which version the watch begins at: empty for none, "start" or "middle".
	from string
	late bool // opened after the first writes
}

var views = []view{
	{name: "from the start", from: "start"},
	{name: "by label", from: "start", query: url.Values{"labelSelector": {"app=a"}}},
	{name: "by a label that comes and goes", from: "start", query: url.Values{"labelSelector": {"merged!=1,drawn!=yes"}}},
	{name: "by name", from: "start", query: url.Values{"fieldSelector": {"metadata.name=NAME"}}},
	{name: "metadata alone", from: "start", accept: asMetadata},
	{name: "from the middle", from: "middle", late: true},
	{name: "from any version", late: true, query: url.Values{"resourceVersion": {"0"}}},
	{
		name: "with initial events", late: true,
		query: url.Values{"sendInitialEvents": {"true"}, "resourceVersionMatch": {"NotOlderThan"}, "allowWatchBookmarks": {"true"}},
	},
}

// path returns where a view of a kind is watched on a side whose versions are given.
func (v view) path(k *subject, s *sample, start, middle string) string {
	query := url.Values{"watch": {"true"}}
	for name, values := range v.query {
		query[name] = values
	}
	if field := query.Get("fieldSelector"); field != "" {
		query.Set("fieldSelector", strings.ReplaceAll(field, "NAME", k.name(0)))
	}
	if selector := k.ours(query.Get("labelSelector")); selector != "" {
		query.Set("labelSelector", selector)
	}
	switch v.from {
	case "start":
		query.Set("resourceVersion", start)
	case "middle":
		query.Set("resourceVersion", middle)
	}
	return s.path + "?" + query.Encode()
}

// The same writes lead to the same events on kube-apiserver and in memory, for every kind and every way to watch.
func TestWatchDifferential(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	seed := *differentialSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	sides := newSides(t, cluster)
	for _, k := range subjects(t, cluster, sides) {
		if *differentialKind != "" && *differentialKind != k.kind {
			continue
		}
		t.Run(k.kind, func(t *testing.T) {
			t.Parallel()
			watchDifferential(t, newPlayer(t, sides, k, seed, newTally()))
		})
	}
}

func watchDifferential(t *testing.T, p *player) {
	t.Helper()
	p.sample = p.kind.versions[0]
	streams := map[string][2]*stream{}
	open := func(late bool, start, middle [2]string) {
		for _, v := range views {
			accept := v.accept
			if accept == "" {
				accept = mediaJSON
			}
			for i, s := range p.kind.versions {
				if v.late != late {
					continue
				}
				var pair [2]*stream
				for j, side := range p.sides {
					pair[j] = side.watch(t, v.path(p.kind, s, start[j], middle[j]), accept)
				}
				streams[fmt.Sprintf("%s %s", v.name, p.kind.versions[i].Object["apiVersion"])] = pair
			}
		}
	}
	start := p.now()
	open(false, start, [2]string{})
	p.writes(10)
	middle := p.now()
	p.writes(3)
	open(true, start, middle)
	p.writes(8)
	for _, n := range []int{1, 0} {
		p.n, p.certain = n, true
		p.vacate()
		p.create()
		p.do(operation{
			verb: "merge patch", method: "PATCH", path: p.path(), media: mediaMerge,
			body: []byte(`{"metadata":{"labels":{"app":"a","ended":"yes","merged":null}}}`),
		})
	}
	for name, pair := range streams {
		real, memory := pair[0].until(t, p.kind.name(0)), pair[1].until(t, p.kind.name(0))
		if strings.Contains(name, "any version") || strings.Contains(name, "initial events") {
			sortInitial(real)
			sortInitial(memory)
		}
		if p.kind.controlled { // how often the server itself writes in between is its own affair
			real, memory = withoutModified(real), withoutModified(memory)
		}
		if !assert.Equal(t, eventTypes(real), eventTypes(memory), name) {
			continue
		}
		for i := range real {
			if p.kind.controlled {
				break
			}
			var found []string
			compare("", real[i].Object, memory[i].Object, &found)
			o := operation{verb: "watch"}
			if strings.Contains(name, "metadata alone") {
				o.accept = asMetadata
			}
			assert.Empty(t, unexpected(p, o, found), "%s: event %d, %s", name, i, real[i].Type)
		}
	}
}

// sortInitial orders the events that tell what there was when a watch began: their order is a server's own.
func sortInitial(events []told) {
	n := 0
	for n < len(events) && events[n].Type == "ADDED" && n < objects {
		n++
	}
	slices.SortFunc(events[:n], func(a, b told) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func withoutModified(events []told) []told {
	return slices.DeleteFunc(slices.Clone(events), func(e told) bool { return e.Type == "MODIFIED" })
}

func eventTypes(events []told) []string {
	out := make([]string, len(events))
	for i, e := range events {
		name, _ := at(e.Object, "/metadata/name")
		out[i] = fmt.Sprint(e.Type, " ", name)
	}
	return out
}

// now returns the version of each side.
func (p *player) now() (out [2]string) {
	for i, r := range both(p.t, p.sides, operation{method: "GET", path: p.sample.path + "?limit=1"}, [2]map[string]any{}) {
		out[i] = versionIn(r)
	}
	return out
}

// writes sends random writes that are accepted by both sides.
func (p *player) writes(n int) {
	for range n {
		p.n = p.IntN(objects)
		write := []func(*player){
			(*player).create, func(p *player) { p.apply(true) }, (*player).mergePatch, func(p *player) { p.update(true) },
			(*player).jsonPatch, (*player).delete, (*player).deleteHeld,
		}
		if hasStatus(p.kind, p.sample) {
			write = append(write, (*player).statusPatch)
		}
		write[p.IntN(len(write))](p)
		p.certain = false
	}
}
