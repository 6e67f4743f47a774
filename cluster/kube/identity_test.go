package kube_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

func TestAs(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	count := &recorder{}
	config := plane.Config()
	config.Wrap(count.wrap)
	admin, err := kube.New(config, nil)
	require.NoError(t, err)
	ns := kubetest.Namespace(t, plane.Config())
	ctx := t.Context()

	jane := admin.As(kube.Identity{User: "jane", UID: "42", Groups: []string{"devs"}, Extra: map[string][]string{"Example.com/reason": {"a b"}}})
	me := object("authentication.k8s.io/v1", "SelfSubjectReview", "", "", nil)
	me.SetGenerateName("x")
	w, err := jane.Create(ctx, me, cluster.WriteOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{
		"username": "jane", "uid": "42", "groups": []any{"devs", "system:authenticated"},
		"extra": map[string]any{"example.com/reason": []any{"a b"}},
	}, w.Object.Object["status"].(map[string]any)["userInfo"])
	joe := jane.As(kube.Identity{User: "joe"})
	w, err = joe.Create(ctx, me, cluster.WriteOptions{})
	require.NoError(t, err)
	assert.Equal(t, "joe", w.Object.Object["status"].(map[string]any)["userInfo"].(map[string]any)["username"])

	_, err = jane.Apply(ctx, configMap(ns, "web"), by("us"))
	assert.ErrorIs(t, err, cluster.ErrForbidden)
	assert.False(t, cluster.Retryable(err))
	assert.EqualError(t, err, `apply ConfigMap `+ns+`/web: forbidden: User "jane" cannot patch resource "configmaps" in API group "" in the namespace "`+ns+`"`)
	_, err = admin.Apply(ctx, configMap(ns, "web"), by("us"))
	require.NoError(t, err, "the client that As was called on keeps its own identity")

	count.reset()
	_, err = admin.As(kube.Identity{Groups: []string{"system:masters"}}).Get(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "web"}, cluster.GetOptions{})
	assert.ErrorContains(t, err, "the identity to impersonate names no user; set Identity.User")
	assert.False(t, cluster.Retryable(err))
	assert.Empty(t, count.methods(), "an identity without a user must not act as the administrator")
}
