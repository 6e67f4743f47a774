package diff_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/diff"
)

var widgetKind = apischema.GroupVersionKind{Group: "diff.example.com", Version: "v1", Kind: "Widget"}

// compareWidgets judges pairs of a custom resource with lists of every type.
func compareWidgets(t *testing.T, s *server, c *coverage, seed uint64, pairs int) {
	f := families[len(families)-1]
	comparer := diff.New(us, s.schemas, nil)
	wrong := 0
	for i := 0; c.pairs < pairs && i < 2*pairs && wrong < 3; i++ {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		live, err := s.history(t, r, f, fmt.Sprintf("pair-%d-%d-%s", seed%1000, i, s.namespace))
		if err != nil {
			continue
		}
		desired := s.place(f, f.object(r, live.GetName()))
		if r.IntN(4) == 0 {
			desired = s.lastApplied
		}
		p := &pair{t: t, client: s.of(f), kind: c.kind, desired: desired, live: live}
		fault := p.judge(comparer)
		c.pairs++
		switch {
		case p.refusal != nil:
			c.refused++
		case fault != nil:
			wrong++
			assert.NoError(t, fault, "pair %d of Widget\ndesired %s\n   live %s", i, asText(t, desired.Object), asText(t, live.Object))
		default:
			c.accept(p, comparer)
		}
	}
}
