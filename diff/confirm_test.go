package diff_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

// confirmed compares with live and asks the server.
func (p *plane) confirmed(t testing.TB, desired, live *unstructured.Unstructured) (computed, confirmed *diff.Comparison) {
	t.Helper()
	c := diff.New(us, p.schemas, nil)
	d, err := c.Prepare(desired)
	require.NoError(t, err)
	computed, err = c.Compare(d, live)
	require.NoError(t, err)
	confirmed, err = diff.NewConfirmer(p.client, nil).Confirm(t.Context(), computed)
	require.NoError(t, err)
	return computed, confirmed
}

// set returns a webhook that sets a field.
func set(path string, v any) admits {
	return func(obj map[string]any, _ bool) error {
		change(path, v)(obj)
		return nil
	}
}

// sidecar adds a container as meshes do.
func sidecar(obj map[string]any, _ bool) error {
	containers, _, _ := unstructured.NestedSlice(obj, "spec", "template", "spec", "containers")
	for _, c := range containers {
		if c.(map[string]any)["name"] == "proxy" {
			return nil
		}
	}
	return unstructured.SetNestedSlice(obj, append(containers, fields{"name": "proxy", "image": "mesh:1"}), "spec", "template", "spec", "containers")
}

func unset(path ...string) admits {
	return func(obj map[string]any, _ bool) error {
		unstructured.RemoveNestedField(obj, path...)
		return nil
	}
}

func all(hooks ...admits) admits {
	return func(obj map[string]any, dryRun bool) error {
		for _, h := range hooks {
			if err := h(obj, dryRun); err != nil {
				return err
			}
		}
		return nil
	}
}

func reworded(manifest, old, new string) string { return strings.Replace(manifest, old, new, 1) }

// What an apply comes to with admission in between: ours and theirs told apart, and nothing done in vain.
func TestConfirmTellsAdmissionApart(t *testing.T) {
	cap10 := func(obj map[string]any, _ bool) error {
		if n, _, _ := unstructured.NestedInt64(obj, "spec", "replicas"); n > 10 {
			change("spec.replicas", int64(10))(obj)
		}
		return nil
	}
	const replicas = ".spec.replicas"
	twoVars := web + "        env: [{name: A, value: a}, {name: B, value: b}]\n"
	rows := map[string]struct {
		// first is applied with the webhook of before, then after takes its place, and desired is compared.
		first, desired string
		before, after  admits
		edit           string
		computed, want diff.Verdict
		changes        []brief
		overruled      []string
	}{
		"nobody in between": {
			first: web, desired: reworded(web, "nginx:1.27", "nginx:1.28"), computed: diff.Differs, want: diff.Differs,
			changes: []brief{{`.spec.template.spec.containers[name="web"].image`, diff.Replace, "nginx:1.27", "nginx:1.28", diff.FromDesired}},
		},
		"a field that is dropped": {
			first: reworded(web, "spec:", "spec:\n  minReadySeconds: 3"), desired: web, computed: diff.Differs, want: diff.Differs,
			changes: []brief{{".spec.minReadySeconds", diff.Remove, int64(3), nil, diff.FromDropped}},
		},
		"a new sidecar": {
			first: web, desired: reworded(web, "nginx:1.27", "nginx:1.28"), after: sidecar, computed: diff.Differs, want: diff.Differs,
			changes: []brief{
				{`.spec.template.spec.containers[name="proxy"]`, diff.Add, nil, fields{"name": "proxy", "image": "mesh:1", "imagePullPolicy": "IfNotPresent",
					"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}, diff.FromAdmission},
				{`.spec.template.spec.containers[name="web"].image`, diff.Replace, "nginx:1.27", "nginx:1.28", diff.FromDesired},
			},
		},
		"a sidecar that is there": {
			first: web, desired: reworded(web, "nginx:1.27", "nginx:1.28"), before: sidecar, after: sidecar, computed: diff.Differs, want: diff.Differs,
			changes: []brief{{`.spec.template.spec.containers[name="web"].image`, diff.Replace, "nginx:1.27", "nginx:1.28", diff.FromDesired}},
		},
		"something of theirs in something of ours": {
			first: web, desired: reworded(web, "metadata: {labels: {app: web}}", "metadata: {labels: {app: web}, annotations: {ours: a}}"),
			after:    set("spec.template.metadata.annotations.theirs", "b"),
			computed: diff.Differs, want: diff.Differs,
			changes: []brief{
				{".spec.template.metadata.annotations", diff.Add, nil, fields{"ours": "a"}, diff.FromDesired},
				{".spec.template.metadata.annotations.theirs", diff.Add, nil, "b", diff.FromAdmission},
			},
		},
		"our field is set back": {
			first: web, desired: web, before: set("spec.replicas", int64(5)), after: set("spec.replicas", int64(5)), computed: diff.Differs, want: diff.Same,
			overruled: []string{replicas + ": 5 by admission, not 3"},
		},
		"our field is set back, and a time is put on": {
			first: web, desired: web, before: set("spec.replicas", int64(5)),
			after:    all(set("spec.replicas", int64(5)), set("metadata.annotations.seen", "today")),
			computed: diff.Differs, want: diff.Same,
			changes:   []brief{{".metadata.annotations", diff.Add, nil, fields{"seen": "today"}, diff.FromAdmission}},
			overruled: []string{replicas + ": 5 by admission, not 3"},
		},
		"our field is set to something else": {
			first: web, desired: reworded(web, "replicas: 3", "replicas: 100"), after: cap10, computed: diff.Differs, want: diff.Differs,
			changes:   []brief{{replicas, diff.Replace, int64(3), int64(10), diff.FromDesired}},
			overruled: []string{replicas + ": 10 by admission, not 100"},
		},
		"our field is kept out": {
			first: web, desired: reworded(web, "team: a", "team: a, extra: b"), after: unset("metadata", "labels", "extra"), computed: diff.Differs, want: diff.Adopt,
			overruled: []string{".metadata.labels.extra: kept out by admission, not \"b\""},
		},
		"our removal is undone": {
			first: reworded(web, "team: a", "team: a, extra: b"), desired: web, after: set("metadata.labels.extra", "b"), computed: diff.Differs, want: diff.Adopt,
			overruled: []string{".metadata.labels.extra: kept in by admission as \"b\""},
		},
		"a field that was as desired is moved": {
			first: web, desired: reworded(web, "nginx:1.27", "nginx:1.28"), after: set("spec.replicas", int64(5)), computed: diff.Differs, want: diff.Differs,
			changes: []brief{
				{replicas, diff.Replace, int64(3), int64(5), diff.FromAdmission},
				{`.spec.template.spec.containers[name="web"].image`, diff.Replace, "nginx:1.27", "nginx:1.28", diff.FromDesired},
			},
			overruled: []string{replicas + ": 5 by admission, not 3"},
		},
		"an order of theirs": {
			first: twoVars, desired: reworded(twoVars, "nginx:1.27", "nginx:1.28"),
			after: func(obj map[string]any, _ bool) error {
				containers, _, _ := unstructured.NestedSlice(obj, "spec", "template", "spec", "containers")
				slices.SortFunc(containers[0].(map[string]any)["env"].([]any), func(a, b any) int {
					return strings.Compare(b.(map[string]any)["name"].(string), a.(map[string]any)["name"].(string))
				})
				return unstructured.SetNestedSlice(obj, containers, "spec", "template", "spec", "containers")
			},
			computed: diff.Differs, want: diff.Differs,
			changes: []brief{
				{`.spec.template.spec.containers[name="web"].env`, diff.Replace, []any{`[name="A"]`, `[name="B"]`}, []any{`[name="B"]`, `[name="A"]`}, diff.FromAdmission},
				{`.spec.template.spec.containers[name="web"].image`, diff.Replace, "nginx:1.27", "nginx:1.28", diff.FromDesired},
			},
		},
		"a zero that they do not leave": {
			first: web, desired: reworded(web, "      containers:", "      hostNetwork: false\n      containers:"), after: set("spec.template.spec.hostNetwork", true), computed: diff.Adopt, want: diff.Adopt,
		},
		"a zero that they do not leave, and more": {
			first: web, desired: reworded(reworded(web, "      containers:", "      hostNetwork: false\n      containers:"), "replicas: 3", "replicas: 4"), after: set("spec.template.spec.hostNetwork", true),
			computed: diff.Differs, want: diff.Differs,
			changes: []brief{
				{replicas, diff.Replace, int64(3), int64(4), diff.FromDesired},
				{".spec.template.spec.hostNetwork", diff.Add, nil, true, diff.FromAdmission},
			},
			overruled: []string{".spec.template.spec.hostNetwork: kept in by admission as true"},
		},
		"a conflict": {
			first: web, desired: web, edit: `{"spec":{"replicas":7}}`, computed: diff.Conflict, want: diff.Conflict,
			changes: []brief{{replicas, diff.Replace, int64(7), int64(3), diff.FromDesired}},
		},
		"a conflict over what is set back": {
			first: web, desired: web, edit: `{"spec":{"replicas":7}}`, after: set("spec.replicas", int64(7)), computed: diff.Conflict, want: diff.Conflict,
			overruled: []string{replicas + ": 7 by admission, not 3"},
		},
		"a container of ours, an image of theirs": {
			first: web, desired: web + "      - {name: log, image: \"log:1\"}\n",
			after: func(obj map[string]any, _ bool) error {
				containers, _, _ := unstructured.NestedSlice(obj, "spec", "template", "spec", "containers")
				for _, c := range containers {
					c := c.(map[string]any)
					if image := c["image"].(string); c["name"] == "log" && !strings.HasPrefix(image, "mirror/") {
						c["image"] = "mirror/" + image
						c["env"] = []any{fields{"name": "REGION", "value": "eu"}}
					}
				}
				return unstructured.SetNestedSlice(obj, containers, "spec", "template", "spec", "containers")
			},
			computed: diff.Differs, want: diff.Differs,
			changes: []brief{
				{`.spec.template.spec.containers[name="log"]`, diff.Add, nil, fields{"name": "log", "image": "mirror/log:1", "imagePullPolicy": "IfNotPresent",
					"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}, diff.FromDesired},
				{`.spec.template.spec.containers[name="log"].env`, diff.Add, nil, []any{fields{"name": "REGION", "value": "eu"}}, diff.FromAdmission},
			},
			overruled: []string{`.spec.template.spec.containers[name="log"].image: "mirror/log:1" by admission, not "log:1"`},
		},
	}
	onPlanes(t, func(t *testing.T, p *plane) {
		for name, row := range rows {
			t.Run(name, func(t *testing.T) {
				named := func(manifest string) *unstructured.Unstructured {
					obj := p.object(t, manifest)
					obj.SetName(strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", ""))
					return obj
				}
				p.admit(row.before)
				live := p.apply(t, us, named(row.first))
				if row.edit != "" {
					p.admit(nil)
					live = p.patch(t, live, row.edit)
				}
				p.admit(row.after)
				computed, out := p.confirmed(t, named(row.desired), live)
				assert.Equal(t, row.computed, computed.Verdict)
				assert.Equal(t, diff.Computed, computed.Precision)
				assert.Equal(t, row.want, out.Verdict)
				assert.Nil(t, out.Fault)
				if row.computed == diff.Adopt {
					assert.Same(t, computed, out, "nothing differs, so nobody asks")
					return
				}
				assert.Equal(t, diff.Confirmed, out.Precision)
				assert.Equal(t, row.changes, briefs(out))
				var overruled []string
				for _, o := range out.Overruled {
					overruled = append(overruled, o.String())
				}
				assert.Equal(t, row.overruled, overruled)
				assert.Equal(t, computed.Conflicts, out.Conflicts)
				assert.Equal(t, computed.Fingerprint(), out.Fingerprint())
				predicted, err := out.Predicted()
				require.NoError(t, err)
				stored := p.apply(t, us, out.Object())
				assert.Equal(t, p.canonical(stored), p.canonical(predicted), "what is predicted is what is stored")
			})
		}
	})
}

// A server that refuses the apply says why, and one that cannot say leaves the computed answer.
func TestConfirmFaults(t *testing.T) {
	rows := map[string]struct {
		desired string
		hook    admits
		spoil   func(t *testing.T, p *plane, live *unstructured.Unstructured)
		want    diff.Precision
		is      error
		text    string
		causes  []string
	}{
		"denied": {
			desired: reworded(web, "replicas: 3", "replicas: 4"), hook: func(map[string]any, bool) error { return errors.New("not on a Friday") },
			want: diff.Confirmed, is: cluster.ErrForbidden, text: `forbidden: admission webhook "mutate.example.com" denied the request: not on a Friday`,
		},
		"invalid": {
			desired: reworded(reworded(web, "replicas: 3", "replicas: 4"), "- name: web", "- name: Not_A_Name"), want: diff.Confirmed, causes: []string{"spec.template.spec.containers[0].name"},
		},
		"immutable": {
			desired: reworded(reworded(web, "matchLabels: {app: web}", "matchLabels: {app: x}"), "labels: {app: web}", "labels: {app: x}"), want: diff.Confirmed, causes: []string{"spec.selector"},
		},
		"moved": {
			desired: reworded(web, "replicas: 3", "replicas: 4"), want: diff.Unconfirmed, is: cluster.ErrConflict,
			spoil: func(t *testing.T, p *plane, live *unstructured.Unstructured) {
				p.patch(t, live, `{"metadata":{"annotations":{"a":"b"}}}`)
			},
		},
		"deleted": {
			desired: reworded(web, "replicas: 3", "replicas: 4"), want: diff.Unconfirmed, is: cluster.ErrConflict,
			spoil: func(t *testing.T, p *plane, live *unstructured.Unstructured) {
				require.NoError(t, p.client.Delete(t.Context(), cluster.RefOf(live), cluster.DeleteOptions{}))
			},
		},
	}
	onPlanes(t, func(t *testing.T, p *plane) {
		for name, row := range rows {
			t.Run(name, func(t *testing.T) {
				p.admit(nil)
				first, desired := p.object(t, web), p.object(t, row.desired)
				first.SetName("fault-" + name)
				desired.SetName("fault-" + name)
				live := p.apply(t, us, first)
				if row.spoil != nil {
					row.spoil(t, p, live)
				}
				p.admit(row.hook)
				computed, out := p.confirmed(t, desired, live)
				assert.Equal(t, diff.Differs, computed.Verdict)
				assert.Equal(t, row.want, out.Precision)
				require.NotNil(t, out.Fault)
				assert.Equal(t, briefs(computed), briefs(out))
				if row.want == diff.Confirmed {
					assert.Equal(t, diff.Refused, out.Verdict)
				} else {
					assert.Equal(t, diff.Differs, out.Verdict)
				}
				if row.is != nil {
					assert.ErrorIs(t, out.Fault, row.is)
				}
				if row.text != "" {
					assert.Equal(t, fmt.Sprintf("confirm Deployment %s/fault-%s: %s", p.namespace, name, row.text), out.Fault.Error())
				}
				var invalid *cluster.InvalidError
				if row.causes != nil && assert.ErrorAs(t, out.Fault, &invalid) {
					var got []string
					for _, c := range invalid.Causes {
						got = append(got, c.Field)
					}
					assert.Subset(t, got, row.causes)
				}
				again, err := diff.NewConfirmer(p.client, nil).Confirm(t.Context(), out)
				require.NoError(t, err)
				assert.Equal(t, row.want == diff.Confirmed, again == out, "only what is not confirmed is asked about again")
			})
		}
	})
}

// A webhook with side effects, which only an older server let anybody configure, keeps its objects from being confirmed, and no
// others.
func TestConfirmWithoutDryRuns(t *testing.T) {
	check := func(t *testing.T, p *plane, webhook string) {
		settings := "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: b}}"
		app, conf := p.object(t, web), p.object(t, settings)
		live := []*unstructured.Unstructured{p.apply(t, us, app), p.apply(t, us, conf)}
		app, conf = p.object(t, reworded(web, "replicas: 3", "replicas: 4")), p.object(t, reworded(settings, "a: b", "a: c"))
		c := diff.New(us, p.schemas, nil)
		desired, err := c.PrepareAll([]*unstructured.Unstructured{app, conf})
		require.NoError(t, err)
		set, err := c.CompareAll(t.Context(), desired, live)
		require.NoError(t, err)
		confirmer := diff.NewConfirmer(p.client, nil)
		var out *diff.Set
		require.EventuallyWithT(t, func(t *assert.CollectT) {
			out, err = confirmer.ConfirmAll(context.Background(), set)
			require.NoError(t, err)
			assert.ErrorIs(t, out.Comparisons[1].Fault, diff.ErrNoDryRun)
			confirmer = diff.NewConfirmer(p.client, nil)
		}, time.Minute, 20*time.Millisecond)
		assert.Equal(t, diff.Confirmed, out.Comparisons[0].Precision)
		assert.Equal(t, diff.Differs, out.Comparisons[1].Verdict)
		assert.Equal(t, diff.Unconfirmed, out.Comparisons[1].Precision)
		assert.Equal(t, briefs(set.Comparisons[1]), briefs(out.Comparisons[1]))
		assert.Equal(t, "confirm ConfigMap "+p.namespace+`/settings: a webhook has side effects and takes part in no dry run: "`+webhook+`"`, out.Comparisons[1].Fault.Error())
		var b strings.Builder
		require.NoError(t, diff.Fprint(&b, out.Comparisons[1], nil))
		assert.Contains(t, b.String(), `? not confirmed: a webhook has side effects`)
		data, err := json.Marshal(out.Comparisons[1])
		require.NoError(t, err)
		assert.Contains(t, string(data), `"precision":"Unconfirmed","fault":"confirm ConfigMap `)
	}
	t.Run("memory", func(t *testing.T) {
		p := memoryPlane(t)
		p.admit(func(obj map[string]any, dryRun bool) error {
			if dryRun && obj["kind"] == "ConfigMap" {
				return apierrors.NewBadRequest(`admission webhook "audit.example.com" does not support dry run`)
			}
			return nil
		})
		check(t, p, "audit.example.com")
	})
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		for _, effects := range []string{"Some", "Unknown"} {
			t.Run(kind+" "+effects, func(t *testing.T) {
				p := realPlane(t)
				s := httptest.NewTLSServer(http.HandlerFunc(p.review))
				t.Cleanup(s.Close)
				// The server would not take it, so it is put where the server keeps what it has taken.
				old := p.configuration(s, kind, effects)
				old["metadata"].(fields)["name"] = p.namespace + "-old"
				old["metadata"].(fields)["uid"] = "0b5c0b5c-0b5c-0b5c-0b5c-0b5c0b5c0b5c"
				old["metadata"].(fields)["creationTimestamp"] = "2018-01-01T00:00:00Z"
				hook := old["webhooks"].([]any)[0].(fields)
				hook["name"], hook["failurePolicy"], hook["matchPolicy"] = "audit.example.com", "Fail", "Exact"
				hook["rules"].([]any)[0].(fields)["resources"] = []any{"configmaps"}
				hook["rules"].([]any)[0].(fields)["scope"] = "*"
				hook["objectSelector"] = fields{}
				data, err := json.Marshal(old)
				require.NoError(t, err)
				ref := cluster.Ref{Group: "admissionregistration.k8s.io", Kind: kind, Name: p.namespace + "-old"}
				require.NoError(t, p.control.Store(t.Context(), "/registry/"+strings.ToLower(kind)+"s/"+ref.Name, data))
				t.Cleanup(func() { assert.NoError(t, p.client.Delete(context.Background(), ref, cluster.DeleteOptions{})) })
				check(t, p, "audit.example.com")
			})
		}
	}
}

// Where the answer is not known without the server, the server's is the answer.
func TestConfirmSettlesWhatIsUnsure(t *testing.T) {
	const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.%s.example.com}
spec:
  group: %s.example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer, default: 3}, color: {type: string}, tags: {type: array, items: {type: string}}}}}}}
`
	const scaler = `
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 5, scaleTargetRef: {kind: Deployment, name: web, apiVersion: apps/v1}}
`
	onPlanes(t, func(t *testing.T, p *plane) {
		p.admit(nil)
		crd := object(t, fmt.Sprintf(definition, p.namespace, p.namespace))
		_, err := p.client.Create(t.Context(), crd, cluster.WriteOptions{})
		require.NoError(t, err)
		t.Cleanup(func() {
			assert.NoError(t, p.client.Delete(context.Background(), cluster.RefOf(crd), cluster.DeleteOptions{}))
		})
		widget := "apiVersion: " + p.namespace + ".example.com/v1\nkind: Widget\nmetadata: {name: web}\nspec: {color: red, tags: [a]}\n"
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			_, err := p.client.Apply(t.Context(), p.object(t, widget), cluster.WriteOptions{Manager: us})
			assert.NoError(c, err)
		}, time.Minute, 20*time.Millisecond)
		for name, row := range map[string]struct {
			first, desired string
			hook           admits
			want           diff.Verdict
			changes        []brief
		}{
			"same":  {widget, widget, nil, diff.Same, nil},
			"adopt": {widget, reworded(widget, "color: red", "color: red, size: 3"), nil, diff.Adopt, nil},
			"differs": {widget, reworded(reworded(widget, "color: red", "color: blue"), "[a]", "[a, b]"), nil, diff.Differs, []brief{
				{".spec.color", diff.Replace, "red", "blue", diff.FromDesired},
				{".spec.tags", diff.Replace, []any{"a"}, []any{"a", "b"}, diff.FromDesired},
			}},
			"dropped":   {widget, reworded(widget, "color: red, ", ""), nil, diff.Differs, []brief{{".spec.color", diff.Remove, "red", nil, diff.FromDropped}}},
			"admission": {widget, widget, set("metadata.labels.x", "y"), diff.Differs, []brief{{".metadata.labels", diff.Add, nil, fields{"x": "y"}, diff.FromServer}}},
			"inexact":   {scaler, reworded(scaler, "5", "6"), nil, diff.Differs, []brief{{".spec.maxReplicas", diff.Replace, int64(5), int64(6), diff.FromDesired}}},
			"inexact admission": {scaler, reworded(scaler, "5", "6"), set("metadata.labels.x", "y"), diff.Differs, []brief{
				{".metadata.labels", diff.Add, nil, fields{"x": "y"}, diff.FromServer},
				{".spec.maxReplicas", diff.Replace, int64(5), int64(6), diff.FromDesired},
			}},
		} {
			t.Run(name, func(t *testing.T) {
				p.admit(nil)
				first, desired := p.object(t, row.first), p.object(t, row.desired)
				name = strings.ReplaceAll(name, " ", "-")
				first.SetName("unsure-" + name)
				desired.SetName("unsure-" + name)
				live := p.apply(t, us, first)
				p.admit(row.hook)
				computed, out := p.confirmed(t, desired, live)
				assert.Equal(t, diff.Unsure, computed.Verdict)
				assert.Equal(t, row.want, out.Verdict)
				assert.Equal(t, diff.Confirmed, out.Precision)
				assert.Empty(t, out.Unsure)
				assert.Equal(t, row.changes, briefs(out))
				predicted, err := out.Predicted()
				require.NoError(t, err)
				assert.Equal(t, p.canonical(p.apply(t, us, desired)), p.canonical(predicted))
			})
		}
	})
}

// What a server allocates in consequence of a change of ours is no doing of admission.
func TestConfirmAllocations(t *testing.T) {
	onPlanes(t, func(t *testing.T, p *plane) {
		p.admit(nil)
		service := "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{name: web, port: 80}], selector: {app: web}}}"
		live := p.apply(t, us, p.object(t, service))
		desired := p.object(t, reworded(service, "spec: {", "spec: {type: NodePort, "))
		computed, out := p.confirmed(t, desired, live)
		assert.Equal(t, diff.Differs, computed.Verdict)
		assert.NotEmpty(t, computed.Unsure)
		assert.Equal(t, diff.Differs, out.Verdict)
		assert.Empty(t, out.Unsure)
		assert.Empty(t, out.Overruled)
		causes := map[string]diff.Cause{}
		for _, c := range out.Changes {
			causes[c.Path] = c.Cause
		}
		assert.Equal(t, map[string]diff.Cause{
			".spec.type": diff.FromDesired, ".spec.externalTrafficPolicy": diff.FromServer, `.spec.ports[port=80,protocol="TCP"].nodePort`: diff.FromServer,
		}, causes)
	})
}

// Ignored fields are left alone in the question too.
func TestConfirmAsksWithoutWhatIsIgnored(t *testing.T) {
	rules, err := diff.NewIgnore([]diff.IgnoreRule{{Group: "*", JSONPointers: []string{"/spec/replicas"}}}, nil)
	require.NoError(t, err)
	onPlanes(t, func(t *testing.T, p *plane) {
		p.admit(nil)
		live := p.patch(t, p.apply(t, us, p.object(t, web)), `{"spec":{"replicas":7}}`)
		c := diff.New(us, p.schemas, &diff.Options{Ignore: rules})
		d, err := c.Prepare(p.object(t, reworded(web, "nginx:1.27", "nginx:1.28")))
		require.NoError(t, err)
		computed, err := c.Compare(d, live)
		require.NoError(t, err)
		out, err := diff.NewConfirmer(p.client, nil).Confirm(t.Context(), computed)
		require.NoError(t, err)
		assert.Equal(t, diff.Differs, out.Verdict)
		assert.Equal(t, briefs(computed), briefs(out))
		assert.Len(t, out.Ignored, 1)
		assert.Empty(t, out.Overruled)
	})
}

// A webhook that does not answer in time, and one that is away, keep the object's computed answer; the cause is one that passes.
func TestConfirmWithoutTheWebhook(t *testing.T) {
	onPlanes(t, func(t *testing.T, p *plane) {
		p.admit(nil)
		live := p.apply(t, us, p.object(t, web))
		c := diff.New(us, p.schemas, nil)
		d, err := c.Prepare(p.object(t, reworded(web, "replicas: 3", "replicas: 4")))
		require.NoError(t, err)
		computed, err := c.Compare(d, live)
		require.NoError(t, err)

		release := make(chan struct{})
		p.admit(func(map[string]any, bool) error { <-release; return nil })
		out, err := diff.NewConfirmer(p.client, &diff.ConfirmOptions{Timeout: 100 * time.Millisecond}).Confirm(t.Context(), computed)
		close(release)
		require.NoError(t, err)
		assert.Equal(t, diff.Unconfirmed, out.Precision)
		assert.Equal(t, diff.Differs, out.Verdict)
		assert.ErrorIs(t, out.Fault, cluster.ErrUnavailable)
		assert.ErrorContains(t, out.Fault, "no answer to a dry run within 100ms")

		if p.control == nil {
			return
		}
		p.admit(func(map[string]any, bool) error { panic(http.ErrAbortHandler) })
		out, err = diff.NewConfirmer(p.client, nil).Confirm(t.Context(), computed)
		require.NoError(t, err)
		assert.Equal(t, diff.Unconfirmed, out.Precision)
		assert.ErrorContains(t, out.Fault, `failed calling webhook "mutate.example.com"`)
		assert.True(t, cluster.Retryable(out.Fault))
	})
}
