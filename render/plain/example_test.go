package plain_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/plain"
)

func ExampleRenderer_Render() {
	tree := fstest.MapFS{"app/web.yaml": {Data: []byte(`
apiVersion: v1
kind: Namespace
metadata: {name: web}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: web}
`)}}
	result, err := plain.New(nil).Render(context.Background(), render.Input{FS: tree, Path: "app"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, obj := range result.Objects {
		fmt.Println(cluster.RefOf(obj), "from", result.Origins[i])
	}
	// Output:
	// Namespace web from app/web.yaml:2
	// Service web/web from app/web.yaml:6
}

func ExampleRenderer_Render_error() {
	tree := fstest.MapFS{"web.yaml": {Data: []byte("apiVersion: v1\nkind: Service\nmetadata:\n  labels: {app: web}\n")}}
	_, err := plain.New(nil).Render(context.Background(), render.Input{FS: tree})
	var fault *render.Error
	if errors.As(err, &fault) {
		fmt.Println(fault.Origin.File, fault.Origin.Line, errors.Is(err, render.ErrNotManifest))
	}
	fmt.Println(err)
	// Output:
	// web.yaml 1 true
	// render web.yaml:1: not a manifest: metadata.name is missing
}
