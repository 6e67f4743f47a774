// Command loop is a control loop of one's own, made from the parts: a source that is no Git repository, two renderers that
// feed one desired state, and the engine. The loop, its pace and its errors are the caller's.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/plain"
	"github.com/setpoint-dev/setpoint/source"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

// folder is a source: the directory as it is now.
func folder(dir string) source.Fetcher {
	return source.FetcherFunc(func(context.Context, source.Revision) (*source.Snapshot, error) {
		return &source.Snapshot{Revision: source.Revision{Name: dir}, FS: os.DirFS(dir)}, nil
	})
}

// banner is a renderer: one object that says which revision runs.
func banner(revision string) render.Renderer {
	return render.RendererFunc(func(context.Context, render.Input) (*render.Result, error) {
		obj := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "banner"}, "data": map[string]any{"revision": revision},
		}}
		return &render.Result{Objects: []*unstructured.Unstructured{obj}, Origins: []cluster.Origin{{Via: "banner"}}}, nil
	})
}

// pass makes the cluster what the source says, once.
func pass(ctx context.Context, from source.Fetcher, engine *setsync.Engine) (setsync.Result, error) {
	snapshot, err := from.Fetch(ctx, source.Revision{})
	if err != nil {
		return setsync.Result{}, err
	}
	defer snapshot.Close()
	desired := setsync.Desired{Revision: snapshot.Revision.String(), Complete: true}
	for _, r := range []render.Renderer{plain.New(nil), banner(snapshot.Revision.Name)} {
		result, err := r.Render(ctx, render.Input{FS: snapshot.FS})
		if err != nil {
			return setsync.Result{}, err
		}
		desired.Objects = append(desired.Objects, result.Objects...)
		desired.Origins = append(desired.Origins, result.Origins...)
	}
	plan, err := engine.Plan(ctx, desired)
	if err != nil {
		return setsync.Result{}, err
	}
	return setsync.Drain(engine.Run(ctx, plan))
}

func main() {
	dir, every := flag.String("dir", ".", "directory of manifests"), flag.Duration("every", 10*time.Second, "pause between passes")
	flag.Parse()
	client, err := kube.FromKubeconfig("", "", nil)
	if err != nil {
		log.Fatal(err)
	}
	record, err := inventory.NewApplySet(client, "default", "loop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, record, &setsync.Options{Namespace: "default", Prune: true})
	for ; ; time.Sleep(*every) {
		result, err := pass(context.Background(), folder(*dir), engine)
		log.Println("objects written:", result.Writes(), "fault:", err)
	}
}
