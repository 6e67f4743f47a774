package diff_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

func parse(manifest string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &obj.Object); err != nil {
		log.Fatal(err)
	}
	return obj
}

// The live ConfigMap was applied by us at ten, and edited by somebody since.
const liveSettings = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
  managedFields:
  - {manager: setpoint, operation: Apply, apiVersion: v1, time: "2026-03-01T10:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:data": {"f:size": {}, "f:color": {}}}}
  - {manager: kubectl-edit, operation: Update, apiVersion: v1, time: "2026-03-01T11:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:data": {"f:level": {}}}}
data: {level: debug, size: "3", color: red}
`

func ExampleComparer_Compare() {
	desired := parse(`
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {level: info, size: "3"}
`)
	comparer := diff.New("setpoint", diff.NewSchemas(nil), nil)
	d, err := comparer.Prepare(desired)
	if err != nil {
		log.Fatal(err)
	}
	c, err := comparer.Compare(d, parse(liveSettings))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Verdict)
	for _, change := range c.Changes {
		fmt.Println(change.Op, change.Path, change.Old, change.New, change.Cause)
	}
	for _, conflict := range c.Conflicts {
		fmt.Printf("%s is owned by %q\n", conflict.Field, conflict.Manager)
	}
	// Output:
	// Conflict
	// Remove .data.color "red"  dropped
	// Replace .data.level "debug" "info" desired
	// .data.level is owned by "kubectl-edit"
}

func ExampleFprint() {
	comparer := diff.New("setpoint", nil, nil)
	d, err := comparer.Prepare(parse(`{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {level: info, size: "3"}}`))
	if err != nil {
		log.Fatal(err)
	}
	c, err := comparer.Compare(d, parse(liveSettings))
	if err != nil {
		log.Fatal(err)
	}
	if err := diff.Fprint(os.Stdout, c, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ! ConfigMap shop/settings: 2 changes, refused unless forced
	//   - .data.color: "red"
	//       no longer desired
	//   ~ .data.level: "debug" → "info"
	//       owned by "kubectl-edit" (Update), written no later than 2026-03-01T11:00:00Z
	//   · "kubectl-edit" (Update) wrote after our last apply, at 2026-03-01T11:00:00Z
}

func ExampleError() {
	_, err := diff.New("setpoint", nil, nil).Prepare(parse(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replcas: 3}
`))
	var fault *diff.Error
	if errors.As(err, &fault) {
		fmt.Println(fault.Ref, "at", fault.Path)
	}
	fmt.Println(err)
	// Output:
	// Deployment shop/web at .spec.replcas
	// prepare Deployment shop/web: .spec.replcas: field not declared in schema
}

func ExampleComparison_Predicted() {
	comparer := diff.New("setpoint", nil, nil)
	d, err := comparer.Prepare(parse(`{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}`))
	if err != nil {
		log.Fatal(err)
	}
	c, err := comparer.Compare(d, nil)
	if err != nil {
		log.Fatal(err)
	}
	obj, err := c.Predicted()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Verdict, obj.Object["spec"])
	// Output:
	// Missing map[internalTrafficPolicy:Cluster ports:[map[port:80 protocol:TCP targetPort:80]] sessionAffinity:None type:ClusterIP]
}

func ExampleSchemas_AddCRD() {
	schemas := diff.NewSchemas(nil)
	err := schemas.AddCRD(parse(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, default: 3}}}
`))
	if err != nil {
		log.Fatal(err)
	}
	comparer := diff.New("setpoint", schemas, nil)
	_, err = comparer.Prepare(parse(`{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, namespace: shop}, spec: {sise: 4}}`))
	fmt.Println(err)
	// Output:
	// prepare Widget.example.com shop/w: .spec.sise: field not declared in schema
}

func ExampleNewIgnore() {
	rules, err := diff.ParseIgnoreDifferences([]byte(`[{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	ignore, err := diff.NewIgnore(rules, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := diff.New("setpoint", nil, &diff.Options{Ignore: ignore})
	d, err := c.Prepare(deployment(3, "web:2"))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := c.Compare(d, deployment(7, "web:1")) // scaled by an autoscaler
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, change := range out.Changes {
		fmt.Println(change.Path, change.Old, change.New)
	}
	fmt.Println("left alone:", out.Ignored[0].Path)
	// Output:
	// .spec.template.spec.containers[name="web"].image "web:1" "web:2"
	// left alone: .spec.replicas
}

func deployment(replicas int64, image string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web", "namespace": "apps"},
		"spec": map[string]any{
			"replicas": replicas,
			"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": image}}},
			},
		},
	}}
}

// What a pull request would change, with no cluster at hand.
func ExampleComparer_CompareRevisions() {
	c := diff.New("setpoint", nil, nil)
	before := []*unstructured.Unstructured{deployment(3, "web:1")}
	after := []*unstructured.Unstructured{deployment(3, "web:2")}
	set, err := c.CompareRevisions(context.Background(), before, after)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := diff.FprintMarkdown(os.Stdout, set, &diff.MarkdownOptions{Context: 1}); err != nil {
		fmt.Println(err)
	}
	patch, err := set.Comparisons[0].JSONPatch()
	fmt.Println(string(patch), err)
	// Output:
	// **1 to change**, 0 unchanged
	//
	// <details><summary><code>~ Deployment apps/web: 1 change</code></summary>
	//
	// ```diff
	// --- live/Deployment apps/web
	// +++ desired/Deployment apps/web
	// @@ -23,3 +23,3 @@
	//        containers:
	// -      - image: web:1
	// +      - image: web:2
	//          imagePullPolicy: IfNotPresent
	// ```
	//
	// </details>
	//
	// [{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"web:2"}] <nil>
}

// An origin by field: the rendered object comes from one file, and its level from an overlay.
func ExampleOptions_origin() {
	comparer := diff.New("setpoint", nil, &diff.Options{Origin: func(ref cluster.Ref, path string) cluster.Origin {
		if path == ".data.level" {
			return cluster.Origin{File: "overlays/prod/level.yaml", Line: 6, Via: "overlays/prod/kustomization.yaml"}
		}
		return cluster.Origin{File: "base/settings.yaml", Line: 1}
	}})
	d, err := comparer.Prepare(parse(`{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {level: info, size: "4", color: red}}`))
	if err != nil {
		log.Fatal(err)
	}
	c, err := comparer.Compare(d, parse(liveSettings))
	if err != nil {
		log.Fatal(err)
	}
	if err := diff.Fprint(os.Stdout, c, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ! ConfigMap shop/settings (base/settings.yaml:1): 2 changes, refused unless forced
	//   ~ .data.level: "debug" → "info"
	//       from overlays/prod/level.yaml:6 via overlays/prod/kustomization.yaml
	//       owned by "kubectl-edit" (Update), written no later than 2026-03-01T11:00:00Z
	//   ~ .data.size: "3" → "4"
	//   · "kubectl-edit" (Update) wrote after our last apply, at 2026-03-01T11:00:00Z
}
