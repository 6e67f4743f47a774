package manifesttest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// record is a testing.TB that fails on paper.
type record struct {
	testing.TB
	fatal  string
	errors []string
	logs   []string
}

type stopped struct{}

func (r *record) Helper() {}
func (r *record) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}
func (r *record) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *record) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }
func (r *record) Fatal(args ...any) {
	r.fatal = fmt.Sprint(args...)
	panic(stopped{})
}

// failure runs f and returns what it ended the test with, empty when it did not.
func failure(t *testing.T, f func(t testing.TB)) string {
	t.Helper()
	r := &record{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != (stopped{}) {
				panic(p)
			}
		}()
		f(r)
	}()
	require.Empty(t, r.errors)
	return r.fatal
}

// objects reads manifests that are separated by "---".
func objects(t testing.TB, text string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for _, doc := range strings.Split(text, "---\n") {
		obj := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(doc), &obj.Object))
		if len(obj.Object) > 0 {
			out = append(out, obj)
		}
	}
	return out
}
