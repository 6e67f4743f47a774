package diff_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/samples"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// coverage counts what the pairs of one kind have shown.
type coverage struct {
	kind           *schema.Kind
	pairs, refused int
	verdicts       map[diff.Verdict]int
	quick, reasons int
	// writes counts, by how they were made, those that were accepted and those that were not.
	writes map[string][2]int
	// defaults counts, by place, the pairs in which a default had to be predicted; open are the places that have none yet.
	defaults map[string]int
	open     map[string]bool
	// types are those of the lists by their places, and lists counts the pairs that desired one with items.
	types map[string]string
	lists map[string]int
	// shown are the places of lists that some sample has.
	shown []string
}

func newCoverage(kind *schema.Kind, deck *samples.Deck) *coverage {
	c := &coverage{
		kind: kind, verdicts: map[diff.Verdict]int{}, writes: map[string][2]int{}, defaults: map[string]int{}, open: map[string]bool{},
		types: samples.Lists(kind), lists: map[string]int{},
	}
	for _, place := range samples.Defaulted(kind) {
		if unreachable(kind.GVK.Kind, place) == "" {
			c.open[place] = true
		}
	}
	for _, place := range slices.Sorted(maps.Keys(c.types)) {
		if deck.Shows(kind.GVK, place) {
			c.shown = append(c.shown, place)
		}
	}
	return c
}

// missing returns the places of defaults that no pair has needed yet, and those of lists of types that no pair has had.
func (c *coverage) missing() []string {
	had := map[string]bool{}
	for place, n := range c.lists {
		had[c.types[place]] = had[c.types[place]] || n > 0
	}
	out := slices.Sorted(maps.Keys(c.open))
	for _, place := range c.shown {
		if !had[c.types[place]] {
			out = append(out, place)
		}
	}
	return out
}

func (c *coverage) write(how string, accepted bool) {
	n := c.writes[how]
	if accepted {
		n[0]++
	} else {
		n[1]++
	}
	c.writes[how] = n
}

// accept counts a pair that was judged right.
func (c *coverage) accept(p *pair, comparer *diff.Comparer) {
	c.verdicts[p.verdict]++
	if p.quick {
		c.quick++
	}
	if p.unsure > 0 {
		c.reasons++
		return
	}
	for _, place := range samples.Listed(c.kind, p.desired.Object) {
		c.lists[place]++
	}
	prepared, err := comparer.Prepare(p.desired)
	require.NoError(p.t, err)
	content, err := comparer.Content(prepared, p.live)
	require.NoError(p.t, err)
	for _, place := range samples.Filled(c.kind, content) {
		c.defaults[place]++
		delete(c.open, place)
	}
}

// exempt are places of defaults that no pair can need, with the reason. The place is the end of one in a kind, or of any.
var exempt = []struct{ kinds, place, reason string }{
	{"Service", "(ipMode of a LoadBalancer's addresses)", "an apply does not reach the status"},
	{"Pod", "(podIP and podIPs)", "an apply does not reach the status"},
	{"CustomResourceDefinition", "(storedVersions from the storage version)", "an apply does not reach the status"},
	{"Deployment", ".strategy (both limits of a rolling update)", "ValidateDeploymentStrategy in pkg/apis/apps/validation refuses parameters of another strategy"},
	{"Job CronJob", ".restartPolicy", "validateJobTemplateSpec in pkg/apis/batch/validation refuses the default"},
}

// unreachable returns why no pair can need a default, empty if one can.
func unreachable(kind, place string) string {
	if strings.Contains(place, ".ephemeralContainers[]") {
		return "ephemeral containers are for running pods, and added through a subresource of their own only"
	}
	for _, e := range exempt {
		if strings.Contains(" "+e.kinds+" ", " "+kind+" ") && strings.HasSuffix(place, "spec"+e.place) || place == e.place {
			return e.reason
		}
	}
	return ""
}

// statuses returns a status for each kind that has one, from the samples of the API server's own differential test.
func statuses(t *testing.T) map[apischema.GroupKind]map[string]any {
	t.Helper()
	files, err := filepath.Glob("../internal/apiserver/differential/testdata/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	out := map[apischema.GroupKind]map[string]any{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, doc := range bytes.Split(raw, []byte("\n---\n")) {
			data, err := yaml.YAMLToJSON(doc)
			require.NoError(t, err, file)
			var s struct{ Object, Status map[string]any }
			require.NoError(t, kjson.UnmarshalCaseSensitivePreserveInts(data, &s), file)
			if s.Object != nil && s.Status != nil {
				out[samples.KindOf(s.Object).GroupKind()] = s.Status
			}
		}
	}
	return out
}

// String prints how often each default and each list was met.
func (c *coverage) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %d pairs, %d refused, %v, quick %d, with reasons %d, writes %v\n", c.kind.GVK.Kind, c.pairs, c.refused, c.verdicts, c.quick, c.reasons, c.writes)
	for _, place := range samples.Defaulted(c.kind) {
		if reason := unreachable(c.kind.GVK.Kind, place); reason != "" {
			continue
		}
		fmt.Fprintf(&out, "  default %6d %s\n", c.defaults[place], place)
	}
	return out.String()
}
