package e2e_test

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	setsync "github.com/setpoint-dev/setpoint/sync"
)

// ends says in which state the objects of each kind of a corpus end.
type ends map[string]health.Status

var corpora = []struct {
	folder, path string
	objects      int
	ends         ends
}{
	{"kube-prometheus", "manifests", 131, ends{ // 92 single objects, and 39 in three lists
		"Namespace": health.Healthy, "ServiceAccount": health.Healthy, "ConfigMap": health.Healthy, "Secret": health.Healthy,
		"ClusterRole": health.Healthy, "ClusterRoleBinding": health.Healthy, "Role": health.Healthy, "RoleBinding": health.Healthy,
		"NetworkPolicy": health.Healthy, "PodDisruptionBudget": health.Healthy, "CustomResourceDefinition": health.Healthy,
		"Service": health.Healthy, "Deployment": health.Healthy, "DaemonSet": health.Healthy,
		// The operator that would look after these does not run: nobody has judged them.
		"Alertmanager": health.Unknown, "Prometheus": health.Unknown, "PrometheusRule": health.Unknown, "ServiceMonitor": health.Unknown,
		// What it names does not speak the API: it stays unavailable, and blocks nothing else.
		"APIService": health.Progressing,
	}},
	{"online-boutique", "kustomize", 35, ends{
		"ServiceAccount": health.Healthy, "Service": health.Healthy, "Deployment": health.Healthy,
	}},
}

func TestCorporaSync(t *testing.T) {
	for _, c := range corpora {
		t.Run(c.folder, func(t *testing.T) {
			tree := corpus(t, c.folder)
			onEach(t, func(t *testing.T, cfg *rest.Config) {
				repo := newRepository(t)
				repo.commit(tree, "import")
				desired, err := repo.desired(c.path)
				require.NoError(t, err)
				require.Equal(t, c.objects, len(desired.Objects))
				client, count := connect(t, cfg)
				e := engine(t, client, "corpus", setsync.Options{Prune: true, Deadline: 30 * time.Second})

				plan, err := e.Plan(t.Context(), desired)
				require.NoError(t, err)
				writes, _, _ := count.reset()
				assert.Empty(t, writes, "planning writes nothing")
				result, err := setsync.Drain(e.Run(t.Context(), plan))
				require.NoError(t, err)
				assert.Equal(t, len(desired.Objects), result.Created)
				waited, err := setsync.Drain(e.Wait(t.Context(), plan))
				if err != nil {
					require.ErrorIs(t, err, setsync.ErrUnhealthy)
				}
				states := maps.Clone(result.Health)
				maps.Copy(states, waited.Health)
				var odd []string
				for i, obj := range desired.Objects {
					ref := cluster.RefOf(obj)
					kind, _ := client.Kind(t.Context(), ref.Group, ref.Kind)
					if kind.Namespaced {
						ref.Namespace = cmp.Or(ref.Namespace, "default")
					}
					if got := states[ref]; got.Status != c.ends[ref.Kind] {
						odd = append(odd, fmt.Sprintf("%s from %s is %s, want %s: %s", ref, desired.Origins[i], got.Status, c.ends[ref.Kind], got.Message))
					}
				}
				assert.Empty(t, strings.Join(odd, "\n"))

				count.reset()
				second, err := e.Plan(t.Context(), desired)
				require.NoError(t, err)
				assert.True(t, second.Empty(), "the second plan does nothing:\n%s", second)
				_, err = setsync.Drain(e.Run(t.Context(), second))
				require.NoError(t, err)
				writes, dryRuns, reads := count.reset()
				assert.Empty(t, writes, "its run writes nothing")
				t.Logf("second pass: %d reads, %d dry runs, %d writes", len(reads), len(dryRuns), len(writes))
			})
		})
	}
}
