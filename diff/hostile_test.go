package diff_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/setpoint-dev/setpoint/diff"
)

// Whatever the objects are, there is an answer or an error, and the quick answer is that of the merge.
func FuzzCompare(f *testing.F) {
	seed := func(desired, live string) {
		f.Add([]byte(asJSON(desired)), []byte(asJSON(live)))
	}
	seed(web, web)
	seed(credentials, credentials)
	seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {level: info}}", liveSettings)
	seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [x, x]}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [x, null, {}], managedFields: 1}}")
	seed("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: 1, ports: [1, {port: x}, {port: 80}, {port: 80}]}}")
	seed("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: [{manager: setpoint, operation: Apply, apiVersion: v1, fieldsV1: {"f:data": {"k:{": {}}}}]}}`)
	c := diff.New(us, nil, nil)
	f.Fuzz(func(t *testing.T, desired, live []byte) {
		d, l := decoded(desired), decoded(live)
		if d == nil || l == nil {
			return
		}
		prepared, err := c.Prepare(d)
		if err != nil {
			return
		}
		out, err := c.Compare(prepared, l)
		if err != nil {
			return
		}
		require.NotEmpty(t, out.Verdict)
		_, err = json.Marshal(out)
		require.NoError(t, err)
		require.NoError(t, diff.Fprint(&strings.Builder{}, out, nil))
		if _, err := out.Predicted(); err != nil {
			require.ErrorIs(t, err, diff.ErrUnpredictable)
		}
		merged, err := c.Merged(prepared, l)
		require.NoError(t, err)
		if merged.Verdict == diff.Unsure && out.Verdict == diff.Same {
			return // What nobody desires does not fit the schema.
		}
		require.Equal(t, merged.Verdict, out.Verdict)
		require.Equal(t, merged.Fingerprint(), out.Fingerprint(), "%v %v", merged.Unsure, out.Unsure)
	})
}

func asJSON(manifest string) string {
	data, err := json.Marshal(parse(manifest).Object)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func decoded(data []byte) *unstructured.Unstructured {
	var m map[string]any
	if utiljson.Unmarshal(data, &m) != nil || m == nil {
		return nil
	}
	return &unstructured.Unstructured{Object: m}
}

// Values that Go code puts into objects by hand, and that no JSON decodes to, are no reason to panic.
func TestValuesThatAreNotJSON(t *testing.T) {
	live := object(t, web)
	require.NoError(t, unstructured.SetNestedField(live.Object, int64(3), "spec", "replicas"))
	live.Object["spec"].(map[string]any)["replicas"] = 3
	live.Object["metadata"].(map[string]any)["finalizers"] = []string{"a"}
	desired := object(t, web)
	desired.Object["spec"].(map[string]any)["replicas"] = int32(3)
	c := diff.New(us, nil, nil)
	d, err := c.Prepare(desired)
	require.NoError(t, err)
	n, _, err := unstructured.NestedInt64(d.Object().Object, "spec", "replicas")
	require.NoError(t, err)
	assert.EqualValues(t, 3, n)
	out, err := c.Compare(d, live)
	require.NoError(t, err)
	assert.Equal(t, diff.Unsure, out.Verdict)
	assert.Contains(t, out.Unsure[0].Message, "the live object does not fit the schema")
}

// One comparer, cold, in many hands: the race detector judges.
func TestOneComparerInManyHands(t *testing.T) {
	c := diff.New(us, diff.NewSchemas(nil), nil)
	live := newStore(t, web).apply(us, web).update("edit", change("spec.replicas", int64(9))).live()
	synced := newStore(t, web).apply(us, web).live()
	shared, err := c.Prepare(object(t, web))
	require.NoError(t, err)
	desired := object(t, web)
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			d, err := c.Prepare(desired)
			if !assert.NoError(t, err) {
				return
			}
			for _, d := range []*diff.Desired{d, shared} {
				out, err := c.Compare(d, live)
				if assert.NoError(t, err) {
					assert.Equal(t, diff.Conflict, out.Verdict)
					assert.NotEmpty(t, out.Fingerprint())
				}
				out, err = c.Compare(d, synced)
				if assert.NoError(t, err) {
					assert.Equal(t, diff.Same, out.Verdict)
					_, err = out.Predicted()
					assert.NoError(t, err)
				}
			}
		})
	}
	group.Wait()
}
