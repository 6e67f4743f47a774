package sim_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
)

// anyRule makes up a rule that means something.
func anyRule(r *rand.Rand) sim.Rule {
	kinds := []string{"Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "PersistentVolumeClaim", "Service", "Node", "HorizontalPodAutoscaler"}
	outcomes := []sim.Outcome{sim.Works, sim.ImagePull, sim.CrashLoop, sim.NeverReady, sim.QuotaExceeded}
	for {
		rule := sim.Rule{Kind: kinds[r.IntN(len(kinds))], Behavior: sim.Behavior{
			Outcome: outcomes[r.IntN(len(outcomes))], After: r.IntN(3), Failures: r.IntN(3), Limit: r.IntN(3), Lingers: r.IntN(4) == 0, Replicas: int32(r.IntN(5)),
		}}
		if rule.Kind == "Node" && r.IntN(2) == 0 {
			rule.Name = "node-1"
		}
		if rule.Check() == nil {
			return rule
		}
	}
}

// TestScriptsComeToRest plays random scripts on a small cluster with random steps, times and edits in between. Whatever a script
// has done, a step with nothing to do changes nothing; and when the script is over, everything becomes well.
func TestScriptsComeToRest(t *testing.T) {
	seeds := []uint64{1, uint64(time.Now().UnixNano())}
	for _, seed := range seeds {
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 0))
		f := start(t)
		objects := []string{
			strings.Replace(web, "replicas: 3", "minReadySeconds: 5, replicas: 3", 1), db, agent, autoscaler,
			`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}}`,
			`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}}`,
			job("backoffLimit: 2,"), cron(""),
		}
		r.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		for i := range 24 {
			if i%3 == 0 && len(objects) > 0 {
				f.create(objects[0])
				objects = objects[1:]
			}
			switch r.IntN(5) {
			case 0:
				rules := make([]sim.Rule, r.IntN(4))
				for i := range rules {
					rules[i] = anyRule(r)
				}
				t.Logf("script %+v", rules)
				f.script(rules...)
			case 1:
				f.step()
			case 2:
				f.advance(time.Duration(r.IntN(1200)) * time.Second)
			case 3:
				if pods := f.list("Pod"); len(pods) > 0 {
					require.NoError(t, f.Delete(kind("Pod"), "ns", pods[r.IntN(len(pods))].GetName(), metav1.DeleteOptions{}))
				}
			case 4:
				for range 20 {
					if len(f.step()) == 0 {
						break
					}
				}
			}
			for range 100 {
				if len(f.step()) == 0 {
					break
				}
			}
			before := f.server.Version()
			f.step()
			require.Equal(t, before, f.server.Version(), "seed %d, turn %d: a step with nothing to do changes nothing", seed, i)
		}
		f.script()
		f.advance(time.Hour)
		for range 100 {
			if len(f.step()) == 0 {
				break
			}
		}
		d := f.get("Deployment", "web")
		assert.Equal(t, at(d, "spec", "replicas"), at(d, "status", "availableReplicas"), "seed %d", seed)
		assert.Contains(t, status(d), "Available=True", "seed %d", seed)
		assert.EqualValues(t, 2, at(f.get("StatefulSet", "db"), "status", "availableReplicas"), "seed %d", seed)
		assert.EqualValues(t, 2, at(f.get("DaemonSet", "agent"), "status", "numberAvailable"), "seed %d", seed)
		assert.NotNil(t, at(f.get("Service", "web"), "status", "loadBalancer", "ingress"), "seed %d", seed)
		assert.Regexp(t, "(Complete|Failed)=True", status(f.get("Job", "j")), "seed %d", seed)
	}
}
