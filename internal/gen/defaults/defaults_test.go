package defaults_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/setpoint-dev/setpoint/internal/gen/scheme"
	setpoint "github.com/setpoint-dev/setpoint/internal/schema"
)

var (
	seed   = flag.Uint64("seed", 0, "the seed of the random objects; 0 takes one from the clock")
	rounds = flag.Int("rounds", 60, "the random objects of each kind")
)

// For random objects of every kind: what the table and the functions make of an object is what the server's types and
// defaulting make of it.
func TestStoreEqualsTheServersDefaulting(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed=%d", *seed)
	s, err := scheme.New()
	require.NoError(t, err)
	set := setpoint.New(nil)
	compared := 0
	for _, gvk := range scheme.Kinds(s) {
		kinds := set.Kinds(gvk)
		if len(kinds) == 0 {
			continue // In the scheme, and not served.
		}
		if !assert.True(t, kinds[0].Native(), gvk) {
			continue
		}
		if !kinds[0].Exact() && len(open[gvk]) == 0 {
			assert.Fail(t, "a kind that is not exact, and nothing said about where", gvk)
		}
		t.Run(gvk.Kind+"."+gvk.GroupVersion().String(), func(t *testing.T) {
			for round := range *rounds {
				g := generator{rand.New(rand.NewPCG(*seed, uint64(round)))}
				obj, err := s.New(gvk)
				require.NoError(t, err)
				g.fill(reflect.ValueOf(obj).Elem(), 0, "")
				obj.GetObjectKind().SetGroupVersionKind(gvk)
				in := encode(t, obj)
				decoded, err := s.New(gvk)
				require.NoError(t, err)
				data, err := json.Marshal(in)
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(data, decoded))
				s.Default(decoded)
				internal, err := s.ConvertToVersion(decoded, schema.GroupVersion{Group: gvk.Group, Version: runtime.APIVersionInternal})
				require.NoError(t, err)
				back, err := s.ConvertToVersion(internal, gvk.GroupVersion())
				require.NoError(t, err)
				decoded = back
				if accessor, err := meta.Accessor(decoded); err == nil {
					// It counts writes, which a conversion does not.
					annotations := accessor.GetAnnotations()
					delete(annotations, "deprecated.daemonset.template.generation")
					accessor.SetAnnotations(annotations)
				}
				want := kinds[0].Canonical(encode(t, decoded))
				got := kinds[0].Store(in)
				again := kinds[0].Store(got)
				require.Equal(t, got, again, "a second time")
				// Filling keeps empty structures that the canonical form drops.
				found := slices.DeleteFunc(differences("", want, kinds[0].Canonical(got)), func(d string) bool {
					return slices.ContainsFunc(open[gvk], func(p *regexp.Regexp) bool { return p.MatchString(d) })
				})
				require.Empty(t, found, "seed %d round %d", *seed, round)
				compared++
			}
		})
	}
	t.Logf("%d objects compared", compared)
}

// open are the fields of the kinds that are not exact which the server decides by more than the object: a taint takes the time
// of the write, a device of the version with one form of devices has that form, a volume in an attachment has a part of the defaults that it has elsewhere, and the first version of autoscalers
// keeps what it has no field for in annotations.
var open = func() map[schema.GroupVersionKind][]*regexp.Regexp {
	taint := regexp.MustCompile(`timeAdded`)
	return map[schema.GroupVersionKind][]*regexp.Regexp{
		{Group: "autoscaling", Version: "v1", Kind: "HorizontalPodAutoscaler"}: {
			regexp.MustCompile(`^\.metadata\.annotations`), regexp.MustCompile(`^\.spec\.targetCPUUtilizationPercentage`),
			regexp.MustCompile(`^\.status\.currentCPUUtilizationPercentage`),
		},
		{Group: "resource.k8s.io", Version: "v1", Kind: "ResourceSlice"}:         {taint},
		{Group: "resource.k8s.io", Version: "v1", Kind: "DeviceTaintRule"}:       {taint},
		{Group: "resource.k8s.io", Version: "v1alpha3", Kind: "DeviceTaintRule"}: {taint},
		{Group: "resource.k8s.io", Version: "v1beta1", Kind: "ResourceSlice"}:    {taint, regexp.MustCompile(`^\.spec\.devices\[\d+\]\.basic: `)},
		{Group: "resource.k8s.io", Version: "v1beta2", Kind: "DeviceTaintRule"}:  {taint},
		{Group: "resource.k8s.io", Version: "v1beta2", Kind: "ResourceSlice"}:    {taint},
		{Group: "storage.k8s.io", Version: "v1", Kind: "VolumeAttachment"}: {
			regexp.MustCompile(`^\.spec\.source\.inlineVolumeSpec`),
		},
	}
}()

func encode(t *testing.T, obj runtime.Object) map[string]any {
	data, err := json.Marshal(obj)
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, utiljson.Unmarshal(data, &out))
	return out
}

// differences names the paths at which two values differ.
func differences(path string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		var out []string
		for k, v := range w {
			out = append(out, differences(path+"."+k, v, g[k])...)
		}
		for k, v := range g {
			if _, ok := w[k]; !ok {
				out = append(out, fmt.Sprintf("%s.%s: unwanted %v", path, k, v))
			}
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		var out []string
		for i, v := range w {
			out = append(out, differences(fmt.Sprintf("%s[%d]", path, i), v, g[i])...)
		}
		return out
	}
	if reflect.DeepEqual(want, got) {
		return nil
	}
	return []string{fmt.Sprintf("%s: want %v, got %v", path, want, got)}
}

// generator fills Go values. Fields that decide about defaults take the values that matter.
type generator struct{ *rand.Rand }

var words = map[string][]string{
	"Image":           {"", "nginx", "nginx:latest", "nginx:1.2", "r.example:5000/a/b", "r.example/a@sha256:" + strings.Repeat("ab", 32), "Not A Name", "a:latest@sha256:" + strings.Repeat("ab", 32), "Nginx", "localhost/x", "host:80/a:b"},
	"Reference":       {"", "nginx", "nginx:latest", "nginx:1.2"},
	"AllocationMode":  {"", "ExactCount", "All"},
	"SessionAffinity": {"", "None", "ClientIP"},
	"Kind":            {"User", "Group", "ServiceAccount", "Shared", ""},
	"ImagePullPolicy": {"", "Never"},
}

var types = map[string][]string{
	"ServiceType":                   {"", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"},
	"DeploymentStrategyType":        {"", "Recreate", "RollingUpdate"},
	"DaemonSetUpdateStrategyType":   {"", "OnDelete", "RollingUpdate"},
	"StatefulSetUpdateStrategyType": {"", "OnDelete", "RollingUpdate"},
	"LimitType":                     {"Container", "Pod", ""},
	"PersistentVolumeReclaimPolicy": {"", "Delete"},
	"DeviceAllocationMode":          {"", "ExactCount", "All"},
	"ConversionStrategyType":        {"", "None"},
	"StorageMedium":                 {"", "Memory"},
}

func (g generator) fill(v reflect.Value, depth int, field string) {
	sparse := g.IntN(10) < 3+depth/2
	switch x := v.Addr().Interface().(type) {
	case *resource.Quantity:
		*x = resource.MustParse([]string{"1", "100m", "1000m", "1Gi", "0.0001", "1.5", "2048Ki", "0"}[g.IntN(8)])
		return
	case *intstr.IntOrString:
		*x = []intstr.IntOrString{intstr.FromInt32(0), intstr.FromInt32(8080), intstr.FromString("http"), intstr.FromString("")}[g.IntN(4)]
		return
	case *metav1.Time:
		*x = metav1.NewTime(time.Unix(g.Int64N(1<<31), 0).UTC())
		return
	case *metav1.MicroTime:
		*x = metav1.NewMicroTime(time.Unix(g.Int64N(1<<31), 5000).UTC())
		return
	case *metav1.Duration:
		x.Duration = time.Duration(g.IntN(100)) * time.Second
		return
	case *runtime.RawExtension:
		x.Raw = []byte(`{"a":1}`)
		return
	}
	if v.CanAddr() {
		if _, ok := v.Addr().Interface().(json.Unmarshaler); ok && v.Kind() == reflect.Struct {
			return
		}
	}
	if depth > 12 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.PkgPath != "" || f.Name == "TypeMeta" || f.Name == "ManagedFields" {
				continue
			}
			g.fill(v.Field(i), depth+1, f.Name)
		}
	case reflect.Pointer:
		if !sparse {
			v.Set(reflect.New(v.Type().Elem()))
			g.fill(v.Elem(), depth+1, field)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte("bytes"))
			return
		}
		if sparse {
			return
		}
		n := 1 + g.IntN(2)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			g.fill(v.Index(i), depth+1, field)
		}
	case reflect.Map:
		if sparse || v.Type().Key().Kind() != reflect.String {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for _, k := range []string{"a", "b"}[:1+g.IntN(2)] {
			e := reflect.New(v.Type().Elem()).Elem()
			g.fill(e, depth+1, field)
			v.SetMapIndex(reflect.ValueOf(k).Convert(v.Type().Key()), e)
		}
	case reflect.String:
		choice := types[v.Type().Name()]
		if choice == nil {
			choice = words[field]
		}
		if choice == nil {
			choice = []string{"", "x", "y"}
		}
		v.SetString(choice[g.IntN(len(choice))])
	case reflect.Bool:
		v.SetBool(g.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt([]int64{0, 1, 7, -1}[g.IntN(4)])
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(g.IntN(3)))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(g.IntN(5)))
	}
}
