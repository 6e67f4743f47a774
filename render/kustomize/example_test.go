package kustomize_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
)

func ExampleRenderer_Render() {
	tree := fstest.MapFS{
		"base/kustomization.yaml": {Data: []byte("resources: [web.yaml]\n")},
		"base/web.yaml":           {Data: []byte("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n")},
		"prod/kustomization.yaml": {Data: []byte("resources: [../base]\nnamespace: prod\n")},
	}
	result, err := kustomize.New(nil).Render(context.Background(), render.Input{FS: tree, Path: "prod"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, obj := range result.Objects {
		fmt.Println(cluster.RefOf(obj), "from", result.Origins[i])
	}
	// Output:
	// Service prod/web from base/web.yaml:1 via prod/kustomization.yaml
}

func ExampleRenderer_Render_remote() {
	tree := fstest.MapFS{"kustomization.yaml": {Data: []byte("resources:\n- github.com/acme/platform//base?ref=v1\n")}}
	_, err := kustomize.New(nil).Render(context.Background(), render.Input{FS: tree})
	fmt.Println(errors.Is(err, render.ErrRemote))
	fmt.Println(err)
	// Output:
	// true
	// render kustomization.yaml:2: resources: github.com/acme/platform//base refers to a remote resource; copy it into the source, or join it as a source of its own
}
