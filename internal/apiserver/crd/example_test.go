package crd_test

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
)

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: backups, kind: Backup}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [schedule]
            properties:
              schedule: {type: string}
              keep: {type: integer, minimum: 1, default: 7}
`

func ExampleCompile() {
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(definition), &obj.Object); err != nil {
		fmt.Println(err)
		return
	}
	crd.Default(obj)
	crd.PrepareCreate(obj)
	if errs := crd.Validate(obj, crd.Options{}); len(errs) > 0 {
		fmt.Println(errs.ToAggregate())
		return
	}
	backups, err := crd.Compile(obj, crd.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	v1 := backups.Version("v1")

	backup := map[string]any{
		"apiVersion": "example.com/v1", "kind": "Backup",
		"spec": map[string]any{"schedul": "@daily"},
	}
	unknown, err := v1.Decode(backup)
	fmt.Println(unknown, err)
	fmt.Println(backup["spec"])
	fmt.Println(v1.Validate(backup).ToAggregate())
	// Output:
	// [spec.schedul] <nil>
	// map[keep:7]
	// spec.schedule: Required value
}

func ExampleValidate() {
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "backups.example.com"},
		"spec": map[string]any{
			"group": "example.com", "scope": "Cluster", "names": map[string]any{"plural": "backups", "kind": "Backup"},
			"versions": []any{map[string]any{"name": "v1", "served": true, "storage": true}},
		},
	}}
	crd.Default(obj)
	crd.PrepareCreate(obj)
	for _, err := range crd.Validate(obj, crd.Options{}) {
		fmt.Println(err)
	}
	// Output:
	// spec.versions[0].schema.openAPIV3Schema: Required value
}
