package diff_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/diff"
)

// growing are objects that grow in the ways in which a careless comparison takes more than its share of time.
var growing = map[string]func(n int) (desired, live o){
	"set in another order": func(n int) (o, o) { return withFinalizers(names(n, 1)), withFinalizers(names(n, 2)) },
	"set of other items":   func(n int) (o, o) { return withFinalizers(names(n, 1)), withFinalizers(names(2*n, 2)[n:]) },
	"set with one thing twice": func(n int) (o, o) {
		return withFinalizers(names(n, 1)), withFinalizers(append(names(n, 2), names(n, 2)...))
	},
	"list map in another order": func(n int) (o, o) {
		return withEnv(n, 1, func(i int) o { return o{"value": "x"} }), withEnv(n, 2, func(i int) o { return o{"value": "y"} })
	},
	"list map of duplicates": func(n int) (o, o) {
		live := withEnv(n, 2, func(int) o { return o{"name": "same"} })
		return withEnv(1, 1, func(i int) o { return o{"value": "x"} }), live
	},
	"list map without keys": func(n int) (o, o) {
		live := withEnv(n, 2, func(int) o { return o{} })
		for _, e := range envOf(live) {
			delete(e.(o), "name")
		}
		return withEnv(1, 1, func(i int) o { return o{"value": "x"} }), live
	},
	"granular map": func(n int) (o, o) { return withData(names(n, 1), "x"), withData(names(n, 2), "y") },
	"long strings": func(n int) (o, o) {
		return withData(l{"a"}, strings.Repeat("line\n", n)), withData(l{"a"}, strings.Repeat("lime\n", n))
	},
	"managers": func(n int) (o, o) {
		live := withData(l{"a"}, "y")
		entries := l{}
		for i := range n {
			entries = append(entries, fieldsEntry(fmt.Sprint("m", i), "Update", o{"f:data": o{".": o{}, "f:a": o{}}}))
		}
		live["metadata"].(o)["managedFields"] = entries
		return withData(l{"a"}, "x"), live
	},
	"managers of one name": func(n int) (o, o) {
		live := withData(l{"a"}, "y")
		entries := l{}
		for range n {
			entries = append(entries, fieldsEntry(us, "Apply", o{"f:data": o{"f:a": o{}}}))
		}
		live["metadata"].(o)["managedFields"] = entries
		return withData(l{"a"}, "x"), live
	},
	"managers at as many versions": func(n int) (o, o) {
		live := withData(l{"a"}, "y")
		entries := l{}
		for i := range n {
			e := fieldsEntry("m", "Update", o{"f:data": o{".": o{}, "f:a": o{}}})
			e["apiVersion"] = fmt.Sprint("v", i)
			entries = append(entries, e)
		}
		live["metadata"].(o)["managedFields"] = entries
		return withData(l{"a"}, "x"), live
	},
	"wide fields": func(n int) (o, o) {
		live := withData(names(n, 1), "y")
		fields := o{}
		for _, k := range names(n, 1) {
			fields["f:"+k.(string)] = o{}
		}
		live["metadata"].(o)["managedFields"] = l{fieldsEntry(us, "Apply", o{"f:data": fields})}
		return withData(names(n/2, 1), "x"), live
	},
	"deep fields": func(n int) (o, o) {
		fields := o{}
		for range n {
			fields = o{".": o{}, "f:a": fields}
		}
		live := withData(l{"a"}, "y")
		live["metadata"].(o)["managedFields"] = l{fieldsEntry(us, "Apply", fields), fieldsEntry("x", "Update", fields)}
		return withData(l{"a"}, "x"), live
	},
	"deep object": func(n int) (o, o) { return deepWidget(n, "x"), deepWidget(n, "y") },
	"deep object of a field": func(n int) (o, o) {
		live := deepWidget(n, "y")
		fields := o{}
		for range n {
			fields = o{"f:a": fields}
		}
		live["metadata"].(o)["managedFields"] = l{fieldsEntry(us, "Apply", o{"f:spec": o{"f:free": fields}})}
		return deepWidget(n/2, "x"), live
	},
	"long list of structures": func(n int) (o, o) { return widgetItems(n, "x"), widgetItems(n, "y") },
}

// names are n names in an order of their own.
func names(n int, seed uint64) l {
	out := make(l, n)
	for i, j := range rand.New(rand.NewPCG(seed, 7)).Perm(n) {
		out[i] = fmt.Sprintf("example.com/%06d", j)
	}
	return out
}

func withFinalizers(items l) o {
	return o{"apiVersion": "v1", "kind": "ConfigMap", "metadata": o{"name": "a", "finalizers": items}}
}

func withData(keys l, value string) o {
	data := o{}
	for _, k := range keys {
		data[k.(string)] = value
	}
	return o{"apiVersion": "v1", "kind": "ConfigMap", "metadata": o{"name": "a"}, "data": data}
}

func withEnv(n int, seed uint64, more func(i int) o) o {
	env := l{}
	for i, name := range names(n, seed) {
		e := o{"name": name}
		for k, v := range more(i) {
			e[k] = v
		}
		env = append(env, e)
	}
	return o{"apiVersion": "v1", "kind": "Pod", "metadata": o{"name": "a"}, "spec": o{"containers": l{o{"name": "c", "image": "i", "env": env}}}}
}

func envOf(pod o) l {
	return pod["spec"].(o)["containers"].(l)[0].(o)["env"].(l)
}

func fieldsEntry(manager, operation string, fields o) o {
	return o{"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields, "time": "2026-01-01T00:00:00Z"}
}

func deepWidget(n int, end string) o {
	free := o{"end": end}
	for range n {
		free = o{"a": free}
	}
	return o{"apiVersion": "diff.example.com/v1", "kind": "Widget", "metadata": o{"name": "a"}, "spec": o{"free": free}}
}

func widgetItems(n int, value string) o {
	items := l{}
	for i := range n {
		items = append(items, o{"name": fmt.Sprint("n", i), "mode": value, "extra": o{"a": value}})
	}
	return o{"apiVersion": "diff.example.com/v1", "kind": "Widget", "metadata": o{"name": "a"}, "spec": o{"byName": items}}
}

func growingComparer(t testing.TB) *diff.Comparer {
	schemas := diff.NewSchemas(nil)
	require.NoError(t, schemas.AddCRD(widgetDefinition()))
	return diff.New(us, schemas, nil)
}

// share compares as hostile objects say, and returns how many bytes that took.
func share(t testing.TB, c *diff.Comparer, desired, live o) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d, err := c.Prepare(&unstructured.Unstructured{Object: desired})
	require.NoError(t, err)
	out, err := c.Compare(d, &unstructured.Unstructured{Object: live})
	var refused *diff.Error
	if !errors.As(err, &refused) {
		require.NoError(t, err)
		require.NotEqual(t, diff.Same, out.Verdict)
		require.NoError(t, diff.Fprint(io.Discard, out, nil))
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Four times the object takes about four times the work, as far as that shows in what is allocated; BenchmarkGrowth shows the time.
func TestWorkGrowsWithTheObject(t *testing.T) {
	c := growingComparer(t)
	for _, name := range slices.Sorted(maps.Keys(growing)) {
		const n = 250
		desired, live := growing[name](n)
		share(t, c, desired, live) // What is made once is made now.
		small := share(t, c, desired, live)
		desired, live = growing[name](4 * n)
		large := share(t, c, desired, live)
		assert.Less(t, float64(large), 7*float64(small), name)
		t.Logf("%-30s %8d bytes, %.1f times as many for four times the object", name, small, float64(large)/float64(small))
	}
}

// What is larger than any object that people write is unsure at once.
func TestTooLargeIsUnsure(t *testing.T) {
	c := growingComparer(t)
	for _, pair := range [][2]o{
		{deepWidget(5000, "x"), deepWidget(5000, "x")},
		{deepWidget(5000, "x"), deepWidget(1, "x")},
		{deepWidget(1, "x"), deepWidget(5000, "x")},
		{withFinalizers(names(100000, 1)), withFinalizers(names(100000, 2))},
		{withFinalizers(names(1, 1)), withFinalizers(names(100000, 2))},
		{withData(names(100000, 1), "x"), withData(names(100000, 1), "y")},
	} {
		d, err := c.Prepare(&unstructured.Unstructured{Object: pair[0]})
		require.NoError(t, err)
		out, err := c.Compare(d, &unstructured.Unstructured{Object: pair[1]})
		require.NoError(t, err)
		assert.Equal(t, diff.Unsure, out.Verdict)
		require.Len(t, out.Unsure, 1)
		assert.Equal(t, "it is nested more than 1,000 levels deep, or has a list or map of more than 20,000 members; ask the server by a dry run", out.Unsure[0].Message)
	}
	desired, live := growing["deep fields"](5000)
	d, err := c.Prepare(&unstructured.Unstructured{Object: desired})
	require.NoError(t, err)
	out, err := c.Compare(d, &unstructured.Unstructured{Object: live})
	require.NoError(t, err)
	assert.Equal(t, diff.Unsure, out.Verdict)
}

// BenchmarkGrowth compares hostile objects of two sizes; the time of the larger ones is to be about four times that of the smaller.
func BenchmarkGrowth(b *testing.B) {
	c := growingComparer(b)
	for _, name := range slices.Sorted(maps.Keys(growing)) {
		for _, n := range []int{1000, 4000} {
			desired, live := growing[name](n)
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					share(b, c, desired, live)
				}
			})
		}
	}
}
