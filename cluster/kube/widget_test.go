package kube_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
)

// widgets installs a kind Widget in a group of the test's own, which it returns, and waits until it is served.
func widgets(t *testing.T, c cluster.Client) string {
	t.Helper()
	group := strings.ToLower(strings.ReplaceAll(t.Name(), "_", "-")) + ".example.com"
	install(t, c, group, "v1")
	return group
}

// install installs the kind Widget at the versions given, the first of which is stored.
func install(t *testing.T, c cluster.Client, group string, versions ...string) {
	t.Helper()
	var served []any
	for i, v := range versions {
		served = append(served, map[string]any{
			"name": v, "served": true, "storage": i == 0,
			"subresources": map[string]any{"status": map[string]any{}},
			"schema":       map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
		})
	}
	crd := object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "widgets."+group, map[string]any{"spec": map[string]any{
		"group": group, "scope": "Namespaced", "versions": served,
		"names": map[string]any{"plural": "widgets", "kind": "Widget"},
	}})
	_, err := c.Create(t.Context(), crd, by("test"))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Delete(ctx, cluster.RefOf(crd), cluster.DeleteOptions{}); !errors.Is(err, cluster.ErrNotFound) {
			require.NoError(t, err)
		}
	})
	require.Eventually(t, func() bool {
		for _, err := range c.List(t.Context(), cluster.Selector{Group: group, Kind: "Widget"}) {
			return err == nil
		}
		return true
	}, 20*time.Second, 20*time.Millisecond)
}
