package render_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
)

// namespaces makes a namespace of every directory: a Renderer of one's own.
func namespaces(ctx context.Context, in render.Input) (*render.Result, error) {
	entries, err := fs.ReadDir(in.FS, ".")
	if err != nil {
		return nil, err
	}
	result := &render.Result{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		obj := &unstructured.Unstructured{}
		obj.SetAPIVersion("v1")
		obj.SetKind("Namespace")
		obj.SetName(e.Name())
		result.Objects = append(result.Objects, obj)
		result.Origins = append(result.Origins, cluster.Origin{File: e.Name()})
	}
	return result, nil
}

func ExampleRendererFunc() {
	var r render.Renderer = render.RendererFunc(namespaces)
	result, err := r.Render(context.Background(), render.Input{FS: fstest.MapFS{"shop/a": {}, "billing/b": {}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, obj := range result.Objects {
		fmt.Println(cluster.RefOf(obj))
	}
	// Output:
	// Namespace billing
	// Namespace shop
}

func ExampleAuto() {
	auto := render.Auto{Plain: render.RendererFunc(namespaces)}
	_, err := auto.Render(context.Background(), render.Input{FS: fstest.MapFS{"chart/Chart.yaml": {}}, Path: "chart"})
	fmt.Println(errors.Is(err, render.ErrUnsupported))
	fmt.Println(err)
	// Output:
	// true
	// render chart: not supported: the directory needs the Helm renderer, and there is none; set the field of render.Auto
}

func ExampleDetect() {
	tree := fstest.MapFS{"shop/Chart.yaml": {}, "billing/kustomization.yaml": {}, "ops/role.yaml": {}}
	for _, dir := range []string{"shop", "billing", "ops"} {
		tool, err := render.Detect(tree, dir)
		fmt.Println(dir, tool, err)
	}
	// Output:
	// shop Helm <nil>
	// billing kustomize <nil>
	// ops plain <nil>
}
