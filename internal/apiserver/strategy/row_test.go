package strategy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// A change of an object in a state, and the faults of it, without those of values.
func TestUpdateRules(t *testing.T) {
	tests := []struct{ name, group, kind, old, obj, want string }{
		{"a selector", "apps", "Deployment", `spec: {selector: {matchLabels: {a: b}}}`, `spec: {selector: {matchLabels: {a: c}}}`, "spec.selector: field is immutable"},
		{"data", "", "ConfigMap", `data: {a: b}`, `data: {a: c}`, ""},
		{"sealed data", "", "ConfigMap", `{immutable: true, data: {a: b}}`, `{immutable: true, data: {a: c}}`, "data: field is immutable when `immutable` is set"},
		{"a type", "", "Secret", `type: Opaque`, `type: other`, "type: field is immutable"},
		{"an address", "", "Service", `spec: {type: ClusterIP, clusterIP: 10.0.0.1}`, `spec: {type: ClusterIP, clusterIP: 10.0.0.2}`, "spec.clusterIPs[0]: may not change once set"},
		{"an address that a type does not have", "", "Service", `spec: {type: ClusterIP, clusterIP: 10.0.0.1}`, `spec: {type: ExternalName}`, ""},
		{"the class of a load balancer", "", "Service", `spec: {type: LoadBalancer, loadBalancerClass: a}`, `spec: {type: LoadBalancer, loadBalancerClass: b}`, "spec.loadBalancerClass: may not change once set"},
		{"a template of a job", "batch", "Job", `spec: {template: {spec: {nodeSelector: {a: b}}}}`, `spec: {template: {spec: {nodeSelector: {a: c}}}}`, "spec.template: field is immutable"},
		{"a template of a suspended job", "batch", "Job", `spec: {suspend: true, template: {spec: {nodeSelector: {a: b}}}}`, `spec: {suspend: true, template: {spec: {nodeSelector: {a: c}}}}`, ""},
		{"completions", "batch", "Job", `spec: {completions: 1}`, `spec: {completions: 2}`, "spec.completions: field is immutable"},
		{"completions of indexed pods", "batch", "Job", `spec: {completionMode: Indexed, completions: 1, parallelism: 2}`, `spec: {completionMode: Indexed, completions: 2, parallelism: 2}`, "spec.completions: can only be modified in tandem with spec.parallelism"},
		{"both", "batch", "Job", `spec: {completionMode: Indexed, completions: 1, parallelism: 1}`, `spec: {completionMode: Indexed, completions: 2, parallelism: 2}`, ""},
		{"an image", "", "Pod", `spec: {containers: [{name: a, image: b}]}`, `spec: {containers: [{name: a, image: c}]}`, ""},
		{"a container more", "", "Pod", `spec: {containers: [{name: a, image: b}]}`, `spec: {containers: [{name: a, image: b}, {name: c, image: b}]}`, "spec.containers: pod updates may not add or remove containers"},
		{"a later deadline", "", "Pod", `spec: {activeDeadlineSeconds: 5}`, `spec: {activeDeadlineSeconds: 6}`, "spec.activeDeadlineSeconds: must be less than or equal to previous value"},
		{"no deadline", "", "Pod", `spec: {activeDeadlineSeconds: 5}`, `spec: {}`, "spec.activeDeadlineSeconds: must not update from a positive integer to nil value"},
		{"a toleration more", "", "Pod", `spec: {tolerations: [{key: a, tolerationSeconds: 1}]}`, `spec: {tolerations: [{key: a, tolerationSeconds: 2}, {key: b}]}`, ""},
		{"a toleration less", "", "Pod", `spec: {tolerations: [{key: a}]}`, `spec: {}`, "spec.tolerations: existing toleration can not be modified except its tolerationSeconds"},
		{"a gate more", "", "Pod", `spec: {schedulingGates: [{name: a}]}`, `spec: {schedulingGates: [{name: b}]}`, "spec.schedulingGates[0].name: only deletion is allowed, but found new scheduling gate 'b'"},
		{"a label more for a gated pod", "", "Pod", `spec: {schedulingGates: [{name: a}]}`, `spec: {schedulingGates: [{name: a}], nodeSelector: {a: b}}`, ""},
		{"a label less", "", "Pod", `spec: {schedulingGates: [{name: a}], nodeSelector: {a: b}}`, `spec: {schedulingGates: [{name: a}]}`, "spec.nodeSelector: only additions to spec.nodeSelector are allowed (no mutations or deletions)"},
		{"a volume's source", "", "PersistentVolume", `spec: {hostPath: {path: /a}}`, `spec: {hostPath: {path: /b}}`, "spec.persistentvolumesource: spec.persistentvolumesource is immutable after creation"},
		{"a secret for expansion", "", "PersistentVolume", `spec: {csi: {driver: d}}`, `spec: {csi: {driver: d, controllerExpandSecretRef: {name: s}}}`, ""},
		{"a claim before it is bound", "", "PersistentVolumeClaim", `spec: {resources: {requests: {storage: 1Gi}}}`, `spec: {resources: {requests: {storage: 2Gi}}}`, "spec: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"},
		{"a claim that is bound", "", "PersistentVolumeClaim", `{spec: {resources: {requests: {storage: 1Gi}}}, status: {phase: Bound}}`, `{spec: {resources: {requests: {storage: 2Gi}}}, status: {phase: Bound}}`, ""},
		{"less than there is", "", "PersistentVolumeClaim", `{spec: {resources: {requests: {storage: 2Gi}}}, status: {phase: Bound, capacity: {storage: 1Gi}}}`, `{spec: {resources: {requests: {storage: 1Gi}}}, status: {phase: Bound}}`, "spec.resources.requests.storage: field can not be less than status.capacity"},
		{"a class of storage", "storage.k8s.io", "StorageClass", `provisioner: a`, `provisioner: b`, "provisioner: field is immutable"},
		{"a definition, which another package checks", "apiextensions.k8s.io", "CustomResourceDefinition", `spec: {scope: Cluster}`, `spec: {scope: Namespaced}`, ""},
	}
	for _, test := range tests {
		t.Run(test.kind+": "+test.name, func(t *testing.T) {
			row := strategy.For(schema.GroupKind{Group: test.group, Kind: test.kind})
			old, obj := object(t, test.old), object(t, test.obj)
			var errs field.ErrorList
			for _, check := range row.Check {
				was := map[string]bool{}
				for _, e := range check(obj, nil) {
					was[e.Error()] = true
				}
				for _, e := range check(obj, old) {
					if !was[e.Error()] {
						errs = append(errs, e)
					}
				}
			}
			for _, f := range row.Frozen {
				if e := f.Check(obj, old); e != nil {
					errs = append(errs, e)
				}
			}
			found := map[string]bool{}
			for _, e := range errs {
				found[e.Field+": "+e.Detail] = true
			}
			if test.want == "" {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1, "%v", found)
			assert.Contains(t, found, test.want)
		})
	}
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	out := map[string]any{}
	require.NoError(t, json.Unmarshal(data, &out))
	return out
}

func TestRowsHaveTheFacts(t *testing.T) {
	row := func(group, kind string) strategy.Row { return strategy.For(schema.GroupKind{Group: group, Kind: kind}) }
	assert.Equal(t, []strategy.Path{{"metadata", "labels"}}, row("apps", "Deployment").StatusKeeps)
	assert.True(t, row("batch", "Job").Orphan)
	assert.True(t, row("coordination.k8s.io", "Lease").Conditional)
	assert.True(t, row("rbac.authorization.k8s.io", "Role").CreateOnUpdate)
	assert.True(t, row("", "ServiceAccount").ReturnDeleted)
	assert.Contains(t, row("", "Pod").Fields, strategy.Path{"spec", "nodeName"})
	assert.Zero(t, row("storage.k8s.io", "CSIDriver").NewGeneration)
	assert.EqualValues(t, 1, row("scheduling.k8s.io", "PriorityClass").NewGeneration)
	assert.Empty(t, row("apiextensions.k8s.io", "CustomResourceDefinition").StatusKeeps, "labels are written with the status")
	assert.True(t, row("", "Event").NoDependents, "a row without facts")
	assert.EqualValues(t, 1, strategy.Custom().NewGeneration)
}
