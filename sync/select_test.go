package sync_test

import (
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sync of some objects writes these, forgets none of the others, prunes nothing and runs no hook.
func TestSelection(t *testing.T) { onEach(t, testSelection) }

func testSelection(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("a-one", "1"), configMap("b-two", "1"), configMap("old", "1"))))
	labelled := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {tier: web}}\ndata: {key: \"1\"}\n"
	d := e.desired(docs(preSync("hook"), configMap("a-one", "2"), configMap("b-two", "2"), labelled, inWave("3", "late", "")))
	for name, test := range map[string]struct {
		only setsync.Selection
		want []string
	}{
		"by name":         {setsync.Selection{Refs: []cluster.Ref{{Kind: "ConfigMap", Namespace: e.ns, Name: "a-one"}}}, []string{"update/ConfigMap/NS/a-one"}},
		"by glob":         {setsync.Selection{Globs: []string{"ConfigMap/[ab]-*"}}, []string{"update/ConfigMap/NS/a-one", "update/ConfigMap/NS/b-two"}},
		"by whole glob":   {setsync.Selection{Globs: []string{e.ns + "/*/b-two"}}, []string{"update/ConfigMap/NS/b-two"}},
		"by label":        {setsync.Selection{Labels: "tier in (web)"}, []string{"create/ConfigMap/NS/c"}},
		"by any of these": {setsync.Selection{Labels: "tier=web", Globs: []string{"*/late"}}, []string{"create/ConfigMap/NS/c", "gate/wave/0", "create/ConfigMap/NS/late"}},
	} {
		t.Run(name, func(t *testing.T) {
			d.Only = test.only
			p := e.plan(eng, d)
			var got []string
			for _, s := range p.Steps() {
				if s.Action == setsync.Skip {
					assert.Equal(t, "old", s.Ref.Name)
					continue
				}
				got = append(got, strings.ReplaceAll(s.ID, e.ns, "NS"))
			}
			assert.Equal(t, test.want, got, "%s", p)
		})
	}
	d.Only = setsync.Selection{Globs: []string{"ConfigMap/a-*"}}
	r := e.sync(eng, d)
	assert.Equal(t, 1, r.Writes())
	assert.Len(t, e.record().Members, 3, "what is not selected stays recorded, and nothing new is")
	assert.True(t, e.has("old"))
	assert.Nil(t, e.job("hook"))

	d.Only = setsync.Selection{}
	r = e.sync(eng, d)
	assert.Equal(t, 1, r.Pruned)
	assert.Equal(t, 1, r.Hooks, "the whole sync is still to come")

	for says, only := range map[string]setsync.Selection{
		"is selected and not among the desired objects": {Refs: []cluster.Ref{{Kind: "ConfigMap", Namespace: e.ns, Name: "none"}}},
		"none of 4 desired objects is selected":         {Globs: []string{"Deployment/*"}},
		"select by the pattern":                         {Globs: []string{"["}},
		"select by the labels":                          {Labels: "=="},
	} {
		d.Only = only
		_, err := eng.Plan(t.Context(), d)
		require.ErrorContains(t, err, says)
	}
}
