package clustertest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/clustertest"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

func client(t testing.TB, config *rest.Config) *kube.Client {
	t.Helper()
	c, err := kube.New(config, &kube.Options{PageSize: 7})
	require.NoError(t, err)
	return c
}

func TestMemory(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	clustertest.Run(t, func(t *testing.T) cluster.Client { return newCuttable(t, server.Config()) })
}

func TestControlPlane(t *testing.T) {
	plane := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	c := newCuttable(t, plane.Config())
	clustertest.Run(t, func(t *testing.T) cluster.Client {
		if strings.Contains(t.Name(), "/cut/") {
			return newCuttable(t, plane.Config()) // so that no other rule's watches are cut
		}
		return c
	})
}

func TestRulesAreNamedAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range clustertest.Rules() {
		require.Regexp(t, `^[a-z-]+/[a-zA-Z'-]+$`, rule.Name)
		require.False(t, seen[rule.Name], "%s is there twice", rule.Name)
		seen[rule.Name] = true
		require.Regexp(t, `\(.+\)\.$`, rule.Why, "%s names its source", rule.Name)
	}
	t.Logf("%d rules", len(seen))
}

// A client whose watches nobody can cut is not held to the rules about that.
func TestRulesThatCannotBeChecked(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	c := client(t, server.Config())
	skipped := 0
	for _, rule := range clustertest.Rules() {
		if strings.HasPrefix(rule.Name, "cut/") {
			require.ErrorIs(t, rule.Check(t.Context(), c), clustertest.ErrSkipped, rule.Name)
			skipped++
		}
	}
	require.Equal(t, 6, skipped)
}
