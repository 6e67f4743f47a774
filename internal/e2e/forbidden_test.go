package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/yaml"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	setsync "github.com/setpoint-dev/setpoint/sync"
)

// rights lets the user dev do as he likes with ConfigMaps and Secrets in the namespace default, and nothing else.
var rights = []string{`apiVersion: v1
kind: Namespace
metadata: {name: away}
`, `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: default}
rules: [{apiGroups: [""], resources: [configmaps, secrets], verbs: ["*"]}]
`, `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: dev}]
`}

const away = `apiVersion: v1
kind: ConfigMap
metadata: {name: far, namespace: away}
`

// A user with rights in one namespace syncs there, is told what he may not do elsewhere, and loses nothing by asking.
func TestForbiddenNamespace(t *testing.T) {
	cp := kubetest.Start(t, nil)
	admin, _ := connect(t, cp.Config())
	for _, doc := range rights {
		obj := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(doc), &obj.Object))
		_, err := admin.Apply(t.Context(), obj, cluster.WriteOptions{Manager: "test"})
		require.NoError(t, err)
	}
	user, err := cp.User("dev")
	require.NoError(t, err)
	dev, count := connect(t, user)
	e := engine(t, dev, "dev", setsync.Options{Prune: true, Deadline: time.Minute})
	repo := newRepository(t)
	second := `apiVersion: v1
kind: ConfigMap
metadata: {name: second}
`
	_, result := apply(t, repo, e, files(map[string]string{"settings.yaml": settings, "second.yaml": second}))
	require.Equal(t, 2, result.Created)
	count.reset()

	repo.commit(files(map[string]string{"settings.yaml": settings, "away.yaml": away}), "reach out")
	desired, err := repo.desired("")
	require.NoError(t, err)
	plan, err := e.Plan(t.Context(), desired)
	if err == nil {
		_, err = setsync.Drain(e.Run(t.Context(), plan))
	}
	t.Log(err)
	require.ErrorIs(t, err, cluster.ErrForbidden)
	assert.ErrorContains(t, err, "ConfigMap away/far (away.yaml:1)")
	assert.ErrorContains(t, err, "dev")
	writes, _, _ := count.reset()
	for _, line := range writes {
		assert.NotContains(t, line, "DELETE")
	}
	_, err = admin.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "second"}, cluster.GetOptions{})
	assert.NoError(t, err, "nothing was pruned")
}
