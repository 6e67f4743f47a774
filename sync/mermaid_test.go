package sync_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGraph(t *testing.T) {
	e := inMemory(t)
	eng := e.engine(nil)
	p := e.plan(eng, e.desired(docs(preSync("migrate"), configMap("settings", "1"), inWave("1", "late", ""), hooked)))
	var b strings.Builder
	require.NoError(t, p.FprintGraph(&b))
	assert.Equal(t, e.in(`flowchart TD
    s0(["PreSync hook ConfigMap NS/h"])
    s1(["PreSync hook Job NS/migrate"])
    s2{{"what comes after the PreSync hooks of wave 0 waits for them"}}
    s3["create ConfigMap NS/settings"]
    s4{{"what comes after wave 0 waits for the health of 1 object"}}
    s5["create ConfigMap NS/late"]
    s0 --> s2
    s1 --> s2
    s2 --> s3
    s3 --> s4
    s2 --> s4
    s4 --> s5
`), b.String())
}
