package sync_test

import (
	"testing"

	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An object that the server serves under two groups and that moved from one to the other in the desired state is not
// pruned under its old name.
func TestObjectThatChangedItsGroup(t *testing.T) {
	t.Parallel()
	e := onControlPlane(t)
	event := func(version, body string) setsync.Desired {
		return e.desired("apiVersion: " + version + "\nkind: Event\nmetadata: {name: a}\n" + body)
	}
	eng := e.engine(nil)
	e.sync(eng, event("v1", "involvedObject: {namespace: NS, kind: Pod, name: p}\nreason: r\ntype: Normal\n"))
	p := e.plan(eng, event("events.k8s.io/v1", "regarding: {namespace: NS, kind: Pod, name: p}\nreason: r\ntype: Normal\n"))
	assert.Zero(t, p.Summary().Prune, p.String())
	_, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	rec := e.record()
	require.Len(t, rec.Members, 1)
	assert.Equal(t, "events.k8s.io", rec.Members[0].Group)
}
