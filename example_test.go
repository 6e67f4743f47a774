package setpoint_test

import (
	"context"
	"fmt"
	"io/fs"
	"testing/fstest"

	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
	"github.com/setpoint-dev/setpoint/render/plain"
	"github.com/setpoint-dev/setpoint/source"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

// deploy makes a cluster what the newest revision of a source says, and waits until everything is healthy.
func deploy(ctx context.Context, from source.Fetcher, path string, client *kube.Client) error {
	snapshot, err := from.Fetch(ctx, source.Revision{}) // e.g. git.Open(url, nil) and its At("main")
	if err != nil {
		return err
	}
	defer snapshot.Close()

	renderer := render.Auto{Plain: plain.New(nil), Kustomize: kustomize.New(nil)}
	result, err := renderer.Render(ctx, render.Input{FS: snapshot.FS, Path: path})
	if err != nil {
		return err // with file and line
	}

	record, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		return err
	}
	engine := setsync.New(client, record, &setsync.Options{Namespace: "default", Prune: true})
	plan, err := engine.Plan(ctx, setsync.Desired{
		Objects:  result.Objects,
		Origins:  result.Origins,
		Revision: snapshot.Revision.String(),
		Complete: true, // what is not among the objects has left the source
	})
	if err != nil {
		return err
	}
	fmt.Print(plan) // a value: print it, store it, have it approved

	if _, err := setsync.Drain(engine.Run(ctx, plan)); err != nil {
		return err
	}
	_, err = setsync.Drain(engine.Wait(ctx, plan))
	return err
}

// The whole pipeline, on an API server in the process.
func Example() {
	server, err := memory.New(&memory.Options{Controllers: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	manifests := fstest.MapFS{"settings.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {currency: EUR}\n")}}
	from := source.FetcherFunc(func(context.Context, source.Revision) (*source.Snapshot, error) {
		return &source.Snapshot{Revision: source.Revision{Name: "example"}, FS: fs.FS(manifests)}, nil
	})
	if err := deploy(context.Background(), from, "", client); err != nil {
		fmt.Println(err)
	}
	// Output:
	// create  ConfigMap default/settings (settings.yaml:1): it does not exist
	// plan: 1 to create
}
