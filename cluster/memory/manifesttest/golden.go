package manifesttest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pmezard/go-difflib/difflib"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
)

// updateVariable makes goldens be written. A library that is imported into tests cannot register a flag: the go command
// runs one binary for each package, and a test of its own that has -update would panic.
const updateVariable = "MANIFESTTEST_UPDATE"

// RequireGolden compares the stored state of everything that was applied with the file at path, relative to the test's
// package, and fails the test with the difference. The file is YAML in the order of group, kind, namespace and name; it
// shows what the server made of the manifests: defaults, allocated fields, status. Left out or masked is what differs from
// run to run: uid, resourceVersion, managedFields, the server's timestamps, UIDs inside other values, IDs of containers, what
// the server adds to a generateName; and the values of Secrets. Objects of one generateName are in the order of application.
//
// The file is written instead when the environment has MANIFESTTEST_UPDATE=1 or [Options.Update] is set.
func (c *Cluster) RequireGolden(t testing.TB, path string) {
	t.Helper()
	got, err := c.golden(t.Context())
	if err != nil {
		t.Fatalf("golden %s: %v", path, err)
	}
	if update := os.Getenv(updateVariable); c.update || update != "" && update != "0" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatalf("golden %s: %v", path, err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatalf("golden %s: %v", path, err)
		}
		return
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("golden %s is missing; run the test with %s=1 to write it", path, updateVariable)
	}
	if err != nil {
		t.Fatalf("golden %s: %v", path, err)
	}
	want := strings.ReplaceAll(string(data), "\r\n", "\n")
	if want == got {
		return
	}
	diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: difflib.SplitLines(want), B: difflib.SplitLines(got), FromFile: path, ToFile: "stored", Context: 3,
	})
	if err != nil {
		t.Fatalf("golden %s: %v", path, err)
	}
	t.Fatalf("the stored objects differ from the golden; run the test with %s=1 when that is meant:\n%s", updateVariable, diff)
}

// golden returns what is stored of everything applied, as text that is the same in every run.
func (c *Cluster) golden(ctx context.Context) (string, error) {
	members := c.members()
	slices.SortStableFunc(members, func(a, b member) int {
		return cmp.Or(a.shown().Compare(b.shown()), strings.Compare(a.desired.GetAPIVersion(), b.desired.GetAPIVersion()))
	})
	var manifests, stored []*unstructured.Unstructured
	for _, m := range members {
		live, err := c.read(ctx, m)
		if err != nil {
			return "", err
		}
		if live == nil {
			return "", fmt.Errorf("%s is gone", m.title())
		}
		manifests, stored = append(manifests, m.desired), append(stored, live)
	}
	mask := redact.Of(stored...)
	var b strings.Builder
	for i, obj := range stored {
		written, err := json.Marshal(manifests[i])
		if err != nil {
			return "", err
		}
		if name := members[i].shown().Name; name != obj.GetName() {
			obj.Object = masked(obj.Object, func(s string) string { return strings.ReplaceAll(s, members[i].ref.Name, name) }).(map[string]any)
		}
		steady(obj, string(written))
		conceal(obj)
		data, err := yaml.Marshal(mask.Value(obj.Object))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "---\n%s", data)
	}
	return b.String(), nil
}

// shown is the reference with a name that is the same in every run.
func (m member) shown() cluster.Ref {
	ref := m.ref
	if prefix := m.desired.GetGenerateName(); prefix != "" && m.desired.GetName() == "" {
		ref.Name = prefix + "(generated)"
	}
	return ref
}

// containerID is that of a simulated container, a digest of its pod's UID.
var containerID = regexp.MustCompile(`^simulated://[0-9a-f]{64}$`)

var uid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// steady removes and masks what the server makes up. What the manifest says stays.
func steady(obj *unstructured.Unstructured, manifest string) {
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "managedFields", "selfLink"} {
		unstructured.RemoveNestedField(obj.Object, "metadata", field)
	}
	obj.Object = masked(obj.Object, func(s string) string {
		if _, err := time.Parse(time.RFC3339Nano, s); err == nil && !strings.Contains(manifest, s) {
			return "(time)"
		}
		if containerID.MatchString(s) {
			return "simulated://(id)"
		}
		return uid.ReplaceAllStringFunc(s, func(id string) string {
			if strings.Contains(manifest, id) {
				return id
			}
			return "(uid)"
		})
	}).(map[string]any)
}

// masked returns v with every string and map key replaced.
func masked(v any, replace func(string) string) any {
	switch v := v.(type) {
	case string:
		return replace(v)
	case []any:
		for i := range v {
			v[i] = masked(v[i], replace)
		}
	case map[string]any:
		for key, value := range v {
			delete(v, key)
			v[replace(key)] = masked(value, replace)
		}
	}
	return v
}

// conceal replaces every value of a Secret, short ones too.
func conceal(obj *unstructured.Unstructured) {
	if !redact.IsSecret(obj) {
		return
	}
	for _, field := range []string{"data", "stringData"} {
		values, _, _ := unstructured.NestedMap(obj.Object, field)
		for key := range values {
			_ = unstructured.SetNestedField(obj.Object, redact.Marker, field, key)
		}
	}
}
