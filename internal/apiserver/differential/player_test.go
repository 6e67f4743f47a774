package differential_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// player sends random operations on the objects of one kind to both sides and compares what comes back.
type player struct {
	*rand.Rand
	t      *testing.T
	sides  []*side
	kind   *subject
	tally  *tally
	budget int

	n        int     // the object in hand
	sample   *sample // the version in hand
	certain  bool    // the next operation must be one that is accepted
	live     [objects][2]map[string]any
	versions [objects][2]string
	faults   int
}

// newPlayer returns a player for a kind, whose choices follow from the seed and the kind.
func newPlayer(t *testing.T, sides []*side, k *subject, seed uint64, counts *tally) *player {
	t.Helper()
	name := fnv.New64a()
	_, _ = name.Write([]byte(k.kind))
	return &player{Rand: rand.New(rand.NewPCG(seed, name.Sum64())), t: t, sides: sides, kind: k, tally: counts}
}

// objects is how many objects of a kind there are.
const objects = 2

func (p *player) one(list ...string) string { return list[p.IntN(len(list))] }

// coin is true once in n times, and never when the operation must be accepted.
func (p *player) coin(n int) bool { return !p.certain && p.IntN(n) == 0 }

// path returns the path of the object in hand.
func (p *player) path() string { return p.sample.path + "/" + p.kind.name(p.n) }

// own returns the object in hand as each side has it.
func (p *player) own() [2]map[string]any { return p.live[p.n] }

// exists reports whether the object in hand is there.
func (p *player) exists() bool { return p.live[p.n][0] != nil }

// do sends an operation on the object in hand to both sides and compares the answers and what is stored afterwards.
func (p *player) do(o operation) reply {
	p.t.Helper()
	replies, found := p.ask(o)
	found = unexpected(p, o, append(found, p.look(o)...))
	if len(found) > 0 {
		p.report(o, found)
		p.reset()
	}
	return replies[0]
}

// send sends an operation that is not about the object in hand alone, and compares the answers.
func (p *player) send(o operation) [2]reply {
	p.t.Helper()
	replies, found := p.ask(o)
	if found = unexpected(p, o, found); len(found) > 0 {
		p.report(o, found)
	}
	return replies
}

func (p *player) ask(o operation) ([2]reply, []string) {
	p.t.Helper()
	p.budget--
	replies := both(p.t, p.sides, o, p.own())
	p.tally.add(o.verb, p.kind.kind, replies[0].code)
	return replies, differences(replies[0], replies[1])
}

func (p *player) report(o operation, found []string) {
	p.t.Helper()
	p.faults++
	body := o.body
	if o.from != nil {
		body = o.from(p.own()[0])
	}
	assert.Fail(p.t, fmt.Sprintf("%s of %s differs", o.verb, p.kind.kind), "%s\n%s %s %s\n%s",
		strings.Join(found, "\n"), o.method, o.path, o.media, body)
}

// look reads the object in hand on both sides and compares.
func (p *player) look(o operation) []string {
	p.t.Helper()
	read := operation{method: "GET", path: p.path()}
	replies := both(p.t, p.sides, read, p.own())
	found := p.compareState(replies)
	for wait := time.Now(); len(found) > 0 && p.kind.controlled && time.Since(wait) < waitForWrites; {
		replies = both(p.t, p.sides, read, p.own())
		found = p.compareState(replies)
	}
	for i, r := range replies {
		p.live[p.n][i] = nil
		if r.code == http.StatusOK {
			p.live[p.n][i] = r.body
		}
	}
	// A write that is none leaves the version.
	was, now := p.versions[p.n], [2]string{versionIn(replies[0]), versionIn(replies[1])}
	if !p.kind.controlled && !reordered(replies[0]) && !reordered(replies[1]) && (was[0] == now[0]) != (was[1] == now[1]) {
		found = append(found, fmt.Sprintf("written: %v, in memory %v", was[0] != now[0], was[1] != now[1]))
	}
	p.versions[p.n] = now
	return found
}

func (p *player) compareState(replies [2]reply) []string {
	var found []string
	for _, d := range differences(replies[0], replies[1]) {
		found = append(found, "stored "+d)
	}
	return found
}

// reset starts over with the object in hand, so that one difference is not reported again and again.
func (p *player) reset() {
	path := p.path()
	for i, s := range p.sides {
		p.remove(s, path)
		p.live[p.n][i], p.versions[p.n][i] = nil, ""
	}
}

// remove deletes an object whatever holds it, outside the count.
func (p *player) remove(s *side, path string) {
	for range 100 {
		s.do(p.t, operation{method: "DELETE", path: path, media: "application/json", body: []byte(`{"gracePeriodSeconds":0,"propagationPolicy":"Background"}`)}, nil)
		r := s.do(p.t, operation{method: "GET", path: path}, nil)
		if r.code == http.StatusNotFound {
			return
		}
		s.do(p.t, operation{method: "PATCH", path: path, media: "application/merge-patch+json", body: []byte(`{"metadata":{"finalizers":null}}`)}, nil)
		if p.sample.parts["finalize"] != nil {
			_ = unstructured.SetNestedSlice(r.body, []any{}, "spec", "finalizers")
			unstructured.RemoveNestedField(r.body, "metadata", "resourceVersion")
			s.do(p.t, operation{method: "PUT", path: path + "/finalize", media: "application/json", body: encoded(r.body)}, nil)
		}
	}
}

// reordered reports whether an object has entries of managedFields from different seconds. Their order depends on the time,
// which is part of what was written.
func reordered(r reply) bool {
	entries, _, _ := unstructured.NestedSlice(r.body, "metadata", "managedFields")
	times := map[any]bool{}
	for _, e := range entries {
		times[e.(map[string]any)["time"]] = true
	}
	return len(times) > 1
}

func versionIn(r reply) string {
	v, _, _ := unstructured.NestedString(r.body, "metadata", "resourceVersion")
	return v
}

func encoded(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// varied returns the sample's object with some of the fields that may change changed.
func (p *player) varied() map[string]any {
	out := p.kind.object(p.sample, p.n)
	p.change(out, false)
	return out
}

// change gives fields of the spec, or of the status, other values.
func (p *player) change(obj map[string]any, status bool) {
	for _, pointer := range pointers(p.sample.Vary, status) {
		if p.IntN(4) == 0 {
			setAt(obj, pointer, p.variant(pointer))
		}
	}
}

func (p *player) variant(pointer string) any {
	choices := p.sample.Vary[pointer]
	return choices[p.IntN(len(choices))]
}

// status returns the sample's status with some fields changed.
func (p *player) status() map[string]any {
	out := map[string]any{"status": runtime.DeepCopyJSON(p.sample.Status)}
	p.change(out, true)
	return out["status"].(map[string]any)
}
