package strategy_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

var (
	transitionSeed = flag.Uint64("transitions.seed", 0, "the seed of the changes; 0 takes one at random")
	transitions    = flag.Int("transitions", 6, "the changes of each sample; negative for all of them")
)

// The samples that facts were learned from, each changed at one place: an update is accepted and refused as kube-apiserver
// accepts and refuses it, with the same faults, and moves the generation as it does. A change counts when a new object may be
// like that, so that the test is of changes and not of values.
func TestTransitions(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	server, err := memory.New(nil)
	require.NoError(t, err)
	defer server.Close()
	seed := *transitionSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-transitions.seed=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	tried, refused, kinds := 0, 0, map[string]bool{}
	all := samples(t)
	for i, sample := range all {
		gvk := sample.GroupVersionKind()
		facts, ok := schema.FactsOf(gvk.Group, gvk.Kind)
		require.True(t, ok, gvk.Kind)
		if gvk.Kind == "CustomResourceDefinition" || gvk.Kind == "APIService" {
			continue // They change what the server serves, and have tests of their own.
		}
		t.Run(gvk.Kind+" "+sample.GetName(), func(t *testing.T) {
			namespace := ""
			if facts.Namespaced {
				namespace = fmt.Sprintf("transitions-%d", i)
			}
			real, fake := newEnd(t, cluster.Config(), facts, namespace), newEnd(t, server.Config(), facts, namespace)
			live, err := real.store(t, sample)
			require.NoError(t, err, "kube-apiserver")
			mine, err := fake.store(t, sample)
			require.NoError(t, err, "memory")
			changes := changesOf(sample.Object)
			for _, other := range all {
				if other.GroupVersionKind() == gvk {
					changes = append(changes, additions(nil, sample.Object, other.Object)...)
				}
			}
			random.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
			left := *transitions
			for _, c := range changes {
				if left == 0 {
					break
				}
				fresh := sample.DeepCopy()
				if !c.apply(fresh.Object) || !real.takes(t, fresh) {
					continue
				}
				want, wantOut := real.update(t, live, c)
				if strings.HasPrefix(want, "403") || want != "" && real.refuses(t, live, c, want) {
					continue // An admission plugin, or a value that does not go with what the server filled in.
				}
				left--
				got, gotOut := fake.update(t, mine, c)
				tried++
				kinds[gvk.Kind] = true
				if want != "" {
					refused++
				}
				if assert.Equal(t, want, got, "%s", c) && want == "" {
					assert.Equal(t, wantOut.GetGeneration()-live.GetGeneration(), gotOut.GetGeneration()-mine.GetGeneration(), "generation after %s", c)
				}
			}
		})
	}
	t.Logf("%d changes of %d kinds, %d refused", tried, len(kinds), refused)
	assert.GreaterOrEqual(t, len(kinds), 39)
	assert.NotZero(t, refused)
}

// samples reads those of the generator. A pod loses what it needs of a cluster.
func samples(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	files, err := filepath.Glob("../../gen/kinds/samples/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var out []*unstructured.Unstructured
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, doc := range bytes.Split(raw, []byte("\n---\n")) {
			u := &unstructured.Unstructured{}
			data, err := yaml.YAMLToJSON(doc)
			require.NoError(t, err)
			require.NoError(t, u.UnmarshalJSON(data))
			if u.GetKind() == "Pod" {
				for _, field := range []string{"serviceAccountName", "priorityClassName", "runtimeClassName"} {
					unstructured.RemoveNestedField(u.Object, "spec", field)
				}
			}
			out = append(out, u)
		}
	}
	return out
}

// end is one of the two servers, for one kind.
type end struct {
	client    dynamic.ResourceInterface
	hasStatus bool
}

func newEnd(t *testing.T, config *rest.Config, facts *schema.Facts, namespace string) end {
	t.Helper()
	config = rest.CopyConfig(config)
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	resource := client.Resource(apischema.GroupVersionResource{Group: facts.Group, Version: facts.Version, Resource: facts.Resource})
	e := end{client: resource, hasStatus: len(facts.StatusReset) > 0}
	if namespace == "" {
		return e
	}
	e.client = resource.Namespace(namespace)
	ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}}
	_, err = client.Resource(apischema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(t.Context(), ns, metav1.CreateOptions{})
	require.NoError(t, err)
	// Pods need it, and no controller makes it.
	account := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": "default"}}}
	_, err = client.Resource(apischema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}).Namespace(namespace).
		Create(t.Context(), account, metav1.CreateOptions{})
	require.NoError(t, err)
	return e
}

// here returns a sample as it is sent to a namespace.
func here(sample *unstructured.Unstructured) *unstructured.Unstructured {
	out := sample.DeepCopy()
	out.SetNamespace("")
	return out
}

// store creates a sample with its status, until the test ends.
func (e end) store(t *testing.T, sample *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	t.Helper()
	live, err := e.client.Create(t.Context(), here(sample), metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = e.client.Delete(context.WithoutCancel(t.Context()), sample.GetName(), metav1.DeleteOptions{})
	})
	status, ok, _ := unstructured.NestedMap(sample.Object, "status")
	if !ok || !e.hasStatus {
		return live, nil
	}
	was, _, _ := unstructured.NestedMap(live.Object, "status")
	if was == nil {
		was = map[string]any{}
	}
	for k, v := range status {
		was[k] = v
	}
	live.Object["status"] = was
	return e.client.UpdateStatus(t.Context(), live, metav1.UpdateOptions{})
}

// takes says whether a new object may be like this.
func (e end) takes(t *testing.T, obj *unstructured.Unstructured) bool {
	t.Helper()
	fresh := here(obj)
	fresh.SetName(obj.GetName() + "-fresh")
	if fresh.GetKind() == "RuntimeClass" || fresh.GetKind() == "Namespace" {
		fresh.SetName("fresh")
	}
	_, err := e.client.Create(t.Context(), fresh, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err == nil
}

// update tries a change of a stored object, and returns the refusal in a word, or the object.
func (e end) update(t *testing.T, live *unstructured.Unstructured, c change) (string, *unstructured.Unstructured) {
	t.Helper()
	obj := live.DeepCopy()
	c.apply(obj.Object)
	obj.SetManagedFields(nil)
	out, err := e.client.Update(t.Context(), obj, metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil {
		return "", out
	}
	return refusal(err), nil
}

// refuses says whether a new object like the changed one has a fault of the refusal.
func (e end) refuses(t *testing.T, live *unstructured.Unstructured, c change, want string) bool {
	t.Helper()
	fresh := live.DeepCopy()
	c.apply(fresh.Object)
	meta := fresh.Object["metadata"].(map[string]any)
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "namespace"} {
		delete(meta, field)
	}
	fresh.SetName("fresh")
	_, err := e.client.Create(t.Context(), fresh, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil {
		return false
	}
	for _, fault := range strings.Split(strings.TrimPrefix(refusal(err), "422 "), ", ") {
		if fault != "" && strings.Contains(want, fault) {
			return true
		}
	}
	return false
}

// refusal is an error as it is compared: the code and the places and kinds of the faults.
func refusal(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err.Error()
	}
	text := []string{}
	if details := status.Status().Details; details != nil {
		for _, c := range details.Causes {
			text = append(text, fmt.Sprintf("%s %s", c.Type, c.Field))
		}
	}
	slices.Sort(text)
	return fmt.Sprintf("%d %s", status.Status().Code, strings.Join(slices.Compact(text), ", "))
}

// change sets the value at a place, or removes it when value is nil.
type change struct {
	at    []any
	value any
}

func (c change) String() string { return fmt.Sprint(c.at, " = ", c.value) }

// changesOf lists changes of what a sample says.
func changesOf(obj map[string]any) []change {
	var out []change
	var visit func(at []any, value any)
	visit = func(at []any, value any) {
		next := func(step any) []any { return append(slices.Clone(at), step) }
		switch v := value.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				visit(next(k), v[k])
			}
		case []any:
			for i, e := range v {
				visit(next(i), e)
			}
		case bool:
			out = append(out, change{at, !v})
		case int64:
			out = append(out, change{at, v + 1}, change{at, v - 1})
		case string:
			out = append(out, change{at, v + "x"})
			for _, w := range []string{
				"Always", "Never", "OnFailure", "Parallel", "ReadOnlyMany", "Retain", "Delete", "Cluster", "Local", "Immediate", "Block", "2Gi", "512Mi",
				"UDP", "Exact", "Ignore", "LoadBalancer", "ExternalName", "ClusterIP", "Indexed", "NonIndexed", "OnDelete", "PreemptLowerPriority",
			} {
				if w != v {
					out = append(out, change{at, w})
				}
			}
		}
		if last, ok := at[len(at)-1].(string); ok && len(at) > 1 && last != "name" {
			out = append(out, change{at, nil})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(obj)) {
		if k == "apiVersion" || k == "kind" || k == "metadata" || k == "status" {
			continue
		}
		visit([]any{k}, obj[k])
	}
	return out
}

// additions lists what another object of the kind has and this one has not.
func additions(at []any, obj, other map[string]any) []change {
	var out []change
	for _, k := range slices.Sorted(maps.Keys(other)) {
		if len(at) == 0 && (k == "metadata" || k == "status") {
			continue
		}
		place := append(slices.Clone(at), k)
		here, ok := obj[k]
		inner, _ := here.(map[string]any)
		donor, _ := other[k].(map[string]any)
		switch {
		case !ok:
			out = append(out, change{place, other[k]})
		case inner != nil && donor != nil:
			out = append(out, additions(place, inner, donor)...)
		}
	}
	return out
}

// apply makes the change in an object that has the parents of the place, else it says that it cannot.
func (c change) apply(obj map[string]any) bool {
	var v any = obj
	for i, step := range c.at {
		last := i == len(c.at)-1
		switch s := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			switch {
			case !ok:
				return false
			case last && c.value == nil:
				_, had := m[s]
				delete(m, s)
				return had
			case last:
				m[s] = runtime.DeepCopyJSONValue(c.value)
				return true
			}
			v = m[s]
		case int:
			list, ok := v.([]any)
			if !ok || s >= len(list) {
				return false
			}
			if last {
				list[s] = c.value
				return true
			}
			v = list[s]
		}
	}
	return false
}
