package health_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/health"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func checker() *health.Mux { return health.New(&health.Options{Now: func() time.Time { return now }}) }

func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &obj.Object))
	return obj
}

// TestGolden checks the cases in testdata: one file a kind, and in it one object a case. The part named "want" has a line for each object, in order:
// status, reason, rule, message.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			var got strings.Builder
			want := -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				r, err := checker().Check(object(t, string(f.Data)))
				require.NoError(t, err)
				fmt.Fprintf(&got, "%s: %s %s [%s] %s\n", f.Name, r.Status, r.Reason, r.Rule, r.Message)
				assert.NotEmpty(t, r.Message)
			}
			if *update {
				if want < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "want"})
					want = len(archive.Files) - 1
				}
				archive.Files[want].Data = []byte(got.String())
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o600))
			}
			require.GreaterOrEqual(t, want, 0, "no part named want")
			assert.Equal(t, string(archive.Files[want].Data), got.String())
		})
	}
}

func TestNothingIsMissing(t *testing.T) {
	for _, obj := range []*unstructured.Unstructured{nil, {}} {
		r, err := checker().Check(obj)
		require.NoError(t, err)
		assert.Equal(t, health.Result{Status: health.Missing, Reason: health.ReasonMissing, Message: "the object does not exist", Rule: "missing"}, r)
	}
}

func TestHandleReplacesARule(t *testing.T) {
	broken := errors.New("script: line 3")
	m := checker()
	m.Handle("", "ConfigMap", health.CheckerFunc(func(*unstructured.Unstructured) (health.Result, error) {
		return health.Result{Status: health.Unknown}, broken
	}))
	_, err := m.Check(object(t, "{apiVersion: v1, kind: ConfigMap}"))
	require.ErrorIs(t, err, broken)
	r, err := m.Check(object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {deletionTimestamp: '2026-05-04T12:00:00Z'}}"))
	require.NoError(t, err, "deletion comes first")
	assert.Equal(t, health.ReasonDeleting, r.Reason)
	r, err = checker().Check(object(t, "{apiVersion: v1, kind: ConfigMap}"))
	require.NoError(t, err, "another mux is not touched")
	assert.Equal(t, health.Healthy, r.Status)
}

// TestConventionsKnowNoNames gives the same fields to kinds of all sorts of names, and expects the same verdict.
func TestConventionsKnowNoNames(t *testing.T) {
	fields := []string{
		"{}", "{status: {}}", "{status: {phase: Ready}}", "{status: {conditions: [{type: Ready, status: 'True'}]}}",
		"{status: {conditions: [{type: Ready, status: 'False'}]}}", "{status: {observedGeneration: 1}, metadata: {generation: 2}}", "{spec: {suspend: true}}",
	}
	kinds := []string{"a.example/v1 Widget", "argoproj.io/v1alpha1 Application", "cert-manager.io/v1 Certificate", "extensions/v1beta1 Deployment", "apps.example/v1 Deployment"}
	for _, text := range fields {
		var first health.Result
		for i, kind := range kinds {
			obj := object(t, text)
			apiVersion, name, _ := strings.Cut(kind, " ")
			obj.SetAPIVersion(apiVersion)
			obj.SetKind(name)
			r, err := checker().Check(obj)
			require.NoError(t, err)
			if i == 0 {
				first = r
			}
			assert.Equal(t, first, r, "%s as %s", text, kind)
		}
	}
}

// TestNoControllerIsNotHealthy takes kinds that converge without any status.
func TestNoControllerIsNotHealthy(t *testing.T) {
	for _, kind := range []string{
		"apps/v1 Deployment", "apps/v1 StatefulSet", "apps/v1 DaemonSet", "apps/v1 ReplicaSet", "v1 ReplicationController", "v1 Pod", "batch/v1 Job",
		"networking.k8s.io/v1 Ingress", "v1 PersistentVolumeClaim", "v1 PersistentVolume", "v1 Namespace", "policy/v1 PodDisruptionBudget", "autoscaling/v2 HorizontalPodAutoscaler",
		"apiextensions.k8s.io/v1 CustomResourceDefinition", "apiregistration.k8s.io/v1 APIService", "a.example/v1 Widget", "gateway.networking.k8s.io/v1 Gateway", "v1 Node",
	} {
		apiVersion, name, _ := strings.Cut(kind, " ")
		for _, metadata := range []string{"{}", "{generation: 1}"} {
			r, err := checker().Check(object(t, fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: %s, spec: {}}", apiVersion, name, metadata)))
			require.NoError(t, err)
			assert.Contains(t, []health.Status{health.Progressing, health.Unknown}, r.Status, "%s: %v", kind, r)
		}
	}
}

func TestOrder(t *testing.T) {
	assert.Equal(t, health.Healthy, health.Worst())
	all := []health.Status{health.Healthy, health.Suspended, health.Progressing, health.Missing, health.Degraded, health.Unknown}
	for i, a := range all {
		for j, b := range all {
			assert.Equal(t, all[max(i, j)], health.Worst(a, b))
			assert.Equal(t, i < j, a.Compare(b) < 0)
		}
	}
	assert.Equal(t, health.Status("Odd"), health.Worst(health.Degraded, "Odd"))
}

func TestKStatus(t *testing.T) {
	for want, r := range map[string]health.Result{
		"Current": {Status: health.Healthy}, "InProgress": {Status: health.Progressing}, "Failed": {Status: health.Degraded},
		"Terminating": {Status: health.Progressing, Reason: health.ReasonDeletionBlocked}, "NotFound": {Status: health.Missing}, "Unknown": {Status: health.Unknown},
	} {
		assert.Equal(t, want, r.KStatus())
	}
	assert.Equal(t, "Current", health.Result{Status: health.Suspended}.KStatus())
}

// FuzzCheck feeds status and metadata of any shape to every kind.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		`{"status":{"conditions":[{"type":"Ready","status":"True"}]}}`, `{"status":{"conditions":"x","phase":1,"observedGeneration":"1"}}`,
		`{"status":{"conditions":[null,1,{"type":1},{"type":"Ready","status":true}]}}`, `{"status":[],"spec":1,"metadata":{"generation":1.5,"finalizers":[1],"annotations":{}}}`,
		`{"status":{"containerStatuses":[{"state":{"waiting":{"reason":1}},"lastState":{"terminated":{}}}],"phase":"Running"}}`,
		`{"metadata":{"deletionTimestamp":"x","finalizers":"y"}}`,
	} {
		f.Add(uint8(0), s)
	}
	kinds := []string{
		"apps/v1 Deployment", "apps/v1 ReplicaSet", "apps/v1 StatefulSet", "apps/v1 DaemonSet", "v1 Pod", "batch/v1 Job", "batch/v1 CronJob", "v1 Service",
		"networking.k8s.io/v1 Ingress", "v1 PersistentVolumeClaim", "v1 PersistentVolume", "v1 Namespace", "policy/v1 PodDisruptionBudget", "autoscaling/v1 HorizontalPodAutoscaler",
		"apiextensions.k8s.io/v1 CustomResourceDefinition", "apiregistration.k8s.io/v1 APIService", "v1 ConfigMap", "a.example/v1 Widget",
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		var fields map[string]any
		if yaml.Unmarshal([]byte(text), &fields) != nil || fields == nil {
			return
		}
		obj := &unstructured.Unstructured{Object: fields}
		apiVersion, name, _ := strings.Cut(kinds[int(kind)%len(kinds)], " ")
		obj.SetAPIVersion(apiVersion)
		obj.SetKind(name)
		before := fmt.Sprint(fields)
		r, err := checker().Check(obj)
		if err != nil || r.Reason == "" || r.Message == "" || r.Rule == "" {
			t.Fatalf("%s: %+v %v", name, r, err)
		}
		if fmt.Sprint(fields) != before {
			t.Fatal("the object has changed")
		}
	})
}
