package diff_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/diff"
)

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {team: a}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        resources: {limits: {cpu: 1000m}}
        ports: [{containerPort: 80}]
`

func compare(t testing.TB, desired string, live *unstructured.Unstructured) *diff.Comparison {
	t.Helper()
	c := diff.New(us, nil, nil)
	d, err := c.Prepare(object(t, desired))
	require.NoError(t, err)
	out, err := c.Compare(d, live)
	require.NoError(t, err)
	return out
}

// brief is a change without its owners.
type brief struct {
	Path  string
	Op    diff.Op
	Old   any
	New   any
	Cause diff.Cause
}

func briefs(c *diff.Comparison) []brief {
	var out []brief
	for _, x := range c.Changes {
		out = append(out, brief{x.Path, x.Op, x.Old.Interface(), x.New.Interface(), x.Cause})
	}
	return out
}

func change(path string, v any) func(map[string]any) {
	return func(obj map[string]any) { put(obj, path, v) }
}

func TestVerdicts(t *testing.T) {
	const smaller = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
`
	for name, c := range map[string]struct {
		live    func(s *store) *store
		desired string
		verdict diff.Verdict
		changes []brief
	}{
		"applied by us": {
			live:    func(s *store) *store { return s.apply(us, web) },
			desired: web, verdict: diff.Same,
		},
		"applied by another": {
			live:    func(s *store) *store { return s.apply("helm", web) },
			desired: strings.Replace(web, "1000m", `"1"`, 1), verdict: diff.Adopt,
		},
		"applied by another, and spelled otherwise: a server compares what is written": {
			live:    func(s *store) *store { return s.apply("helm", web) },
			desired: web, verdict: diff.Conflict,
		},
		"a field that nobody of us set": {
			live:    func(s *store) *store { return s.apply(us, web).update("hpa", change("spec.minReadySeconds", int64(5))) },
			desired: web, verdict: diff.Same,
		},
		"drift of an own field": {
			live: func(s *store) *store {
				return s.apply(us, web).update("kubectl-edit", change("spec.replicas", int64(5)))
			},
			desired: web, verdict: diff.Conflict,
			changes: []brief{{".spec.replicas", diff.Replace, int64(5), int64(3), diff.FromDesired}},
		},
		"fields that left": {
			live:    func(s *store) *store { return s.apply(us, web) },
			desired: smaller, verdict: diff.Differs,
			changes: []brief{
				{".metadata.labels", diff.Remove, map[string]any{"team": "a"}, nil, diff.FromDropped},
				{".spec.replicas", diff.Replace, int64(3), int64(1), diff.FromDropped},
				{`.spec.template.spec.containers[name="web"].resources`, diff.Remove, map[string]any{"limits": map[string]any{"cpu": "1"}}, nil, diff.FromDropped},
			},
		},
		"fields that left and that another owns too": {
			live:    func(s *store) *store { return s.apply("helm", web).apply(us, web) },
			desired: smaller, verdict: diff.Adopt,
		},
		"fields that left after another took them": {
			live: func(s *store) *store {
				return s.apply(us, web).update("hpa", change("spec.replicas", int64(7)))
			},
			desired: smaller, verdict: diff.Differs,
			changes: []brief{
				{".metadata.labels", diff.Remove, map[string]any{"team": "a"}, nil, diff.FromDropped},
				{`.spec.template.spec.containers[name="web"].resources`, diff.Remove, map[string]any{"limits": map[string]any{"cpu": "1"}}, nil, diff.FromDropped},
			},
		},
		"status": {
			live: func(s *store) *store {
				return s.apply(us, web).update("controller", change("status", map[string]any{"replicas": int64(3)}))
			},
			desired: web + "status: {replicas: 9}\n", verdict: diff.Same,
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := compare(t, c.desired, c.live(newStore(t, web)).live())
			assert.Equal(t, c.verdict, out.Verdict)
			assert.Equal(t, c.changes, briefs(out))
			assert.Empty(t, out.Unsure)
		})
	}
}

// What the server writes in other words, or not at all, is no drift.
func TestSameInOtherWords(t *testing.T) {
	const words = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {}, creationTimestamp: null}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: false
      nodeSelector: {}
      containers:
      - name: web
        image: nginx
        imagePullPolicy: ""
        command: []
        resources: {limits: {cpu: "0.5", memory: 1024Mi}}
        ports: [{containerPort: 80}]
        livenessProbe: {httpGet: {port: http}}
        env: [{name: A, value: ""}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
      volumes:
      - name: v
        projected: {sources: [{serviceAccountToken: {path: t}}]}
      - name: w
`
	s := newStore(t, words).apply(us, words)
	out := compare(t, words, s.live())
	assert.Equal(t, diff.Same, out.Verdict, "%v", briefs(out))
}

func TestSecretStringData(t *testing.T) {
	const plain = `
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: shop}
stringData: {password: correct horse}
`
	live := newStore(t, plain).apply(us, plain).live()
	assert.Equal(t, map[string]any{"password": "Y29ycmVjdCBob3JzZQ=="}, live.Object["data"])
	assert.Equal(t, diff.Same, compare(t, plain, live).Verdict)
}

func TestMissing(t *testing.T) {
	out := compare(t, web, nil)
	assert.Equal(t, diff.Missing, out.Verdict)
	require.Len(t, out.Changes, 1)
	assert.Equal(t, diff.Add, out.Changes[0].Op)
	assert.Empty(t, out.Changes[0].Path)
	predicted, err := out.Predicted()
	require.NoError(t, err)
	n, _, _ := unstructured.NestedInt64(predicted.Object, "spec", "progressDeadlineSeconds")
	assert.EqualValues(t, 600, n)
}

func TestConflictNamesOwnersAndSuspects(t *testing.T) {
	live := newStore(t, web).apply(us, web).update("kubectl-edit", change("spec.replicas", int64(5))).live()
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	fields := live.GetManagedFields()
	for i := range fields {
		when := metav1.NewTime(at)
		if fields[i].Manager != us {
			when = metav1.NewTime(at.Add(time.Minute))
		}
		fields[i].Time = &when
	}
	live.SetManagedFields(fields)
	out := compare(t, web, live)
	require.Len(t, out.Conflicts, 1)
	assert.Equal(t, "kubectl-edit", out.Conflicts[0].Manager)
	assert.Equal(t, ".spec.replicas", out.Conflicts[0].Field)
	assert.Equal(t, at, out.LastApplied)
	editor := diff.Owner{Manager: "kubectl-edit", Operation: "Update", Time: at.Add(time.Minute)}
	assert.Equal(t, []diff.Owner{editor}, out.Suspects)
	assert.Equal(t, []diff.Owner{editor}, out.Changes[0].Owners)
	assert.Equal(t, &diff.Write{Manager: "kubectl-edit", Time: at.Add(time.Minute)}, out.Changes[0].LastWrite)
}

// The fingerprint outlives what controllers write, and no change of what justifies acting.
func TestFingerprint(t *testing.T) {
	drifted := func(n int64) *store {
		return newStore(t, web).apply(us, web).update("edit", change("spec.replicas", n))
	}
	first := compare(t, web, drifted(5).live())
	busy := drifted(5).update("controller", change("status", map[string]any{"replicas": int64(5)})).live()
	busy.SetResourceVersion("99")
	assert.Equal(t, first.Fingerprint(), compare(t, web, busy).Fingerprint())
	assert.NotEqual(t, first.Fingerprint(), compare(t, web, drifted(6).live()).Fingerprint())
	taken := newStore(t, web).apply(us, web).update("other", change("spec.replicas", int64(5))).live()
	assert.NotEqual(t, first.Fingerprint(), compare(t, web, taken).Fingerprint(), "another owner")
	assert.NotEqual(t, first.Fingerprint(), compare(t, web, nil).Fingerprint())
}

func TestUnsureWithoutSchema(t *testing.T) {
	const thing = "{apiVersion: example.com/v1, kind: Thing, metadata: {name: t}}"
	out := compare(t, thing, object(t, thing))
	assert.Equal(t, diff.Unsure, out.Verdict)
	require.Len(t, out.Unsure, 1)
	assert.Equal(t, "no schema of example.com/v1, Kind=Thing is known; load it from the cluster or add its definition", out.Unsure[0].Message)
	_, err := out.Predicted()
	require.ErrorIs(t, err, diff.ErrUnpredictable)
}

// An entry at a version whose conversion is not known leaves a removal open, and nothing else.
func TestOtherVersions(t *testing.T) {
	const scaler = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  minReplicas: 2
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
`
	live := newStore(t, scaler).apply(us, scaler).live()
	fields := append(live.GetManagedFields(), metav1.ManagedFieldsEntry{
		Manager: "old", Operation: metav1.ManagedFieldsOperationApply, APIVersion: "autoscaling/v1", FieldsType: "FieldsV1",
		FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:spec":{"f:minReplicas":{}}}`)},
	})
	live.SetManagedFields(fields)
	assert.Equal(t, diff.Same, compare(t, scaler, live).Verdict, "nothing changes whoever owns what")

	const dropped = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
`
	out := compare(t, dropped, live)
	assert.Equal(t, diff.Unsure, out.Verdict)
	require.NotEmpty(t, out.Unsure)
	assert.Equal(t, `"old" (Apply) owns fields at autoscaling/v1, and how that version converts to autoscaling/v2 is not known`, out.Unsure[0].Message)

	fields[len(fields)-1].APIVersion = "autoscaling/v2beta1"
	live.SetManagedFields(fields)
	out = compare(t, dropped, live)
	assert.Equal(t, diff.Differs, out.Verdict, "a version that is not served owns nothing")
}

func TestErrors(t *testing.T) {
	c := diff.New(us, nil, nil)
	for name, row := range map[string]struct{ manifest, message string }{
		"no name":       {"{apiVersion: v1, kind: ConfigMap, metadata: {generateName: x-}}", "prepare ConfigMap: .metadata.name: the object has no name; an apply needs one, and generateName will not do"},
		"unknown field": {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a}, spec: {replcas: 1}}", "prepare Deployment a/web: .spec.replcas: field not declared in schema"},
		"wrong type":    {"{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: [a]}", "prepare ConfigMap c: .data: expected map, got a list"},
		"same key twice": {"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}, {port: 80, protocol: TCP}]}}",
			`prepare Service s: .spec.ports: duplicate entries for key [port=80,protocol="TCP"]`},
	} {
		_, err := c.Prepare(object(t, row.manifest))
		var e *diff.Error
		if assert.ErrorAs(t, err, &e, name) {
			assert.Equal(t, row.message, err.Error(), name)
		}
	}
	_, err := c.Prepare(nil)
	require.Error(t, err)

	d, err := c.Prepare(object(t, web))
	require.NoError(t, err)
	live := object(t, web)
	live.SetName("other")
	_, err = c.Compare(d, live)
	require.EqualError(t, err, "compare Deployment shop/web: the live object is another one: Deployment shop/other")
	live = object(t, web)
	live.SetAPIVersion("apps/v1beta2")
	_, err = c.Compare(d, live)
	require.EqualError(t, err, "compare Deployment shop/web: the live object is at apps/v1beta2; read it at apps/v1")
}

func TestInputsAreLeftAlone(t *testing.T) {
	desired, live := object(t, web), newStore(t, web).apply("helm", web).live()
	desired.Object["status"] = map[string]any{"replicas": int64(1)}
	wantDesired, wantLive := desired.DeepCopy(), live.DeepCopy()
	c := diff.New(us, nil, nil)
	d, err := c.Prepare(desired)
	require.NoError(t, err)
	_, err = c.Compare(d, live)
	require.NoError(t, err)
	assert.Equal(t, wantDesired, desired)
	assert.Equal(t, wantLive, live)
	assert.NotContains(t, d.Object().Object, "status", "which an apply would not reach")
	d.Object().SetName("x")
	assert.Equal(t, "web", d.Object().GetName())
}
