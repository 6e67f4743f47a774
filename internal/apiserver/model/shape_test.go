package model_test

import (
	"math/rand/v2"
	"reflect"
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
	"k8s.io/apimachinery/pkg/util/managedfields"

	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
)

// through takes an object through its Go type, whether it needs it or not.
func through(obj map[string]any, kind schema.GroupVersionKind) (map[string]any, error) {
	typed, err := model.Scheme().New(kind)
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj, typed); err != nil {
		return nil, err
	}
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, err
	}
	out["apiVersion"], out["kind"] = kind.ToAPIVersionAndKind()
	if o, err := meta.Accessor(typed); err == nil && o.GetManagedFields() != nil && len(o.GetManagedFields()) == 0 {
		out["metadata"].(map[string]any)["managedFields"] = []any{} // A wish to forget who owns what, which has to be seen.
	}
	return whole(out).(map[string]any), nil
}

// whole writes whole numbers as such.
func whole(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = whole(v[k])
		}
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	}
	return v
}

// Canonical makes of random objects of every kind, and of the same ones with something wrong in them, what their Go types
// make of them; and it sees that most of those which are canonical are.
func TestCanonicalIsWhatTheTypeMakesOfIt(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 4))
	seen, all := 0, 0
	for kind, goType := range model.Scheme().AllKnownTypes() {
		if kind.Version != "v1" && kind.Version != "v2" || strings.HasSuffix(kind.Kind, "List") || strings.HasSuffix(kind.Kind, "Options") || kind.Kind == "WatchEvent" {
			continue
		}
		m, ok := model.Builtin(kind, func() (managedfields.TypeConverter, error) { return nil, nil })
		if !ok {
			continue
		}
		for range 3 {
			filled := reflect.New(goType)
			fill(r, filled.Elem(), 9)
			obj, err := runtime.DefaultUnstructuredConverter.ToUnstructured(filled.Interface())
			require.NoError(t, err, kind)
			obj["apiVersion"], obj["kind"] = kind.ToAPIVersionAndKind()
			obj, err = through(obj, kind)
			require.NoError(t, err, kind)

			same, _, err := m.Canonical(obj, false)
			require.NoError(t, err)
			require.Equal(t, obj, same, kind)
			all++
			if reflect.ValueOf(same).Pointer() == reflect.ValueOf(obj).Pointer() {
				seen++
			}
			for range 8 {
				broken := runtime.DeepCopyJSON(obj)
				spoil(r, broken)
				before := runtime.DeepCopyJSON(broken)
				got, _, gotErr := m.Canonical(broken, false)
				want, err := through(runtime.DeepCopyJSON(broken), kind)
				require.Equal(t, err == nil, gotErr == nil, "%s: %v, %v", kind, err, gotErr)
				require.Equal(t, want, got, "%s: %v", kind, broken)
				require.Equal(t, before, broken)
			}
		}
	}
	t.Logf("%d of %d objects are seen to be canonical", seen, all)
	assert.Greater(t, seen*3, all*2)
}

// spoil changes one thing somewhere in an object.
func spoil(r *rand.Rand, m map[string]any) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		m["unknown"] = "x"
		return
	}
	k := keys[r.IntN(len(keys))]
	switch v := m[k].(type) {
	case map[string]any:
		if r.IntN(5) > 0 {
			spoil(r, v)
			return
		}
	case []any:
		if len(v) > 0 && r.IntN(5) > 0 {
			i := r.IntN(len(v))
			if item, ok := v[i].(map[string]any); ok {
				spoil(r, item)
				return
			}
			v[i] = odd(r)
			return
		}
	}
	switch r.IntN(3) {
	case 0:
		delete(m, k)
	case 1:
		m[[]string{"unknown", "name", "spec", "Name"}[r.IntN(4)]] = odd(r)
	default:
		m[k] = odd(r)
	}
}

func odd(r *rand.Rand) any {
	return []any{
		nil, "", "x", "0.5", "1000m", "2026-01-02T03:04:05+01:00", "AA==", "AA=\n=", int64(0), int64(7), int64(1 << 40), true, false, 1.5,
		map[string]any{}, map[string]any{"a": nil}, []any{}, []any{nil}, []any{"a"}, map[string]any(nil), []any(nil),
	}[r.IntN(21)]
}

// fill puts random values into a Go value, deep enough to reach containers in templates.
func fill(r *rand.Rand, v reflect.Value, depth int) {
	switch p := v.Addr().Interface().(type) {
	case *metav1.Time:
		*p = metav1.NewTime(time.Unix(int64(r.IntN(1<<31))+1, 0))
		return
	case *metav1.MicroTime:
		*p = metav1.NewMicroTime(time.UnixMicro(int64(r.IntN(1<<50)) + 1))
		return
	case *resource.Quantity:
		*p = resource.MustParse([]string{"1", "500m", "128Mi", "2G"}[r.IntN(4)])
		return
	case *intstr.IntOrString:
		*p = []intstr.IntOrString{intstr.FromInt32(int32(r.IntN(9))), intstr.FromString("http")}[r.IntN(2)]
		return
	case *metav1.FieldsV1:
		p.SetRawBytes([]byte(`{"f:a":{".":{},"f:b":{}}}`))
		return
	case *runtime.RawExtension:
		p.Raw = []byte(`{"a":1}`)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString([]string{"", "a", "bc"}[r.IntN(3)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.IntN(5)))
	case reflect.Float64:
		v.SetFloat(float64(r.IntN(4)) / 2)
	case reflect.Pointer:
		if depth > 0 && r.IntN(3) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem(), depth-1)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte{0, 1, 250}[:r.IntN(4)])
			return
		}
		if depth > 0 {
			v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
			for i := range v.Len() {
				fill(r, v.Index(i), depth-1)
			}
		}
	case reflect.Map:
		if depth > 0 && r.IntN(2) == 0 {
			v.Set(reflect.MakeMap(v.Type()))
			item := reflect.New(v.Type().Elem()).Elem()
			fill(r, item, depth-1)
			v.SetMapIndex(reflect.ValueOf("k").Convert(v.Type().Key()), item)
		}
	case reflect.Struct:
		if raw := v.FieldByName("Raw"); raw.IsValid() && raw.Kind() == reflect.Slice {
			raw.SetBytes([]byte(`{"a":1}`))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(r, v.Field(i), depth)
			}
		}
	}
}
