package sync_test

import (
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const allowed = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: alice}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}]
`

// An identity that may write into one namespace needs no other right, and is told by name where it may not go.
func TestIdentityOfOneNamespace(t *testing.T) {
	t.Parallel()
	e := onControlPlane(t)
	elsewhere := e.fresh()
	e.sync(e.engine(nil), e.desired(allowed))

	alice := &env{t: t, c: newTap(e.c.direct.(*kube.Client).As(kube.Identity{User: "alice"})), ns: e.ns}
	eng := setsync.New(alice.c, alice.named("alice"), &setsync.Options{Namespace: e.ns, Prune: true})
	r, err := setsync.Drain(eng.Run(t.Context(), alice.plan(eng, e.desired(docs(configMap("a", "1"), configMap("b", "1"))))))
	require.NoError(t, err)
	assert.Equal(t, 2, r.Created)

	foreign := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: " + elsewhere.ns + "}\n"
	alice.c.writes.Store(0)
	_, err = eng.Plan(t.Context(), e.desired(docs(configMap("a", "2"), foreign)))
	require.ErrorIs(t, err, cluster.ErrForbidden)
	assert.ErrorContains(t, err, "ConfigMap "+elsewhere.ns+"/c (set.yaml:20): ")
	assert.Zero(t, alice.c.writes.Load())
	e.get("ConfigMap", "b")
}
