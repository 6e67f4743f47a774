package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/source/git"
	setsync "github.com/setpoint-dev/setpoint/sync"
)

// demonstrate is the program without flags: it brings its own server and folder, and leaves nothing behind.
func demonstrate(ctx context.Context, out io.Writer) error {
	server, err := memory.New(&memory.Options{Controllers: true})
	if err != nil {
		return err
	}
	defer server.Close()
	folder, err := os.MkdirTemp("", "setpoint-quickstart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	return tell(ctx, out, server, folder)
}

// tell plays the story against a server, with a repository in folder. What it says about requests it reads from the
// server's own log.
func tell(ctx context.Context, out io.Writer, server *memory.Server, folder string) error {
	start := time.Now()
	repo, err := newRepository(folder)
	if err != nil {
		return err
	}
	if err := repo.commit("first", "Open the shop"); err != nil {
		return err
	}
	opened, err := git.Open(folder, nil)
	if err != nil {
		return err
	}
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		return err
	}
	f := flags{namespace: "default", name: "quickstart", path: "shop", prune: true, force: true, deadline: time.Minute}
	d, closeView, err := newDelivery(ctx, client, opened.At(""), f, out)
	if err != nil {
		return err
	}
	defer closeView()
	count := counter{server: server}

	heading(out, "1. Plan: the first commit against an empty cluster")
	var plan *setsync.Plan
	if err := count.report(out, func() (err error) {
		if plan, err = d.plan(ctx); err == nil {
			fmt.Fprint(out, plan)
		}
		return err
	}); err != nil {
		return err
	}
	heading(out, "2. Sync: carry that plan out, a wave at a time, and wait for health")
	if err := count.report(out, func() error { return d.carryOut(ctx, plan) }); err != nil {
		return err
	}
	heading(out, "3. Drift: somebody edits the live Deployment")
	if err := edit(ctx, out, client); err != nil {
		return err
	}
	heading(out, "4. Heal: say what differs and who wrote it, then put it back")
	if err := count.report(out, func() error { return d.once(ctx, false) }); err != nil {
		return err
	}
	heading(out, "5. A second commit: one image changes, one Deployment goes")
	if err := repo.commit("second", "Ship v2, retire the worker"); err != nil {
		return err
	}
	if err := count.report(out, func() error { return d.once(ctx, false) }); err != nil {
		return err
	}
	heading(out, "6. One more pass: nothing has changed")
	if err := count.report(out, func() error { return d.once(ctx, false) }); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nThe whole story took %s. Try it on your own: -repo URL -path DIR -context NAME -plan\n", time.Since(start).Round(10*time.Millisecond))
	return nil
}

// edit changes the live object as another field manager does, past the repository.
func edit(ctx context.Context, out io.Writer, client cluster.Editor) error {
	web := cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}
	_, err := client.Patch(ctx, web, cluster.Patch{
		Type: types.StrategicMergePatchType,
		Data: []byte(`{"spec":{"replicas":5,"template":{"spec":{"containers":[{"name":"web","image":"registry.example.com/shop/web:hotfix"}]}}}}`),
	}, cluster.WriteOptions{Manager: "kubectl-edit"})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "kubectl-edit scales %s to 5 and swaps its image\n", web)
	return nil
}

func heading(out io.Writer, text string) { fmt.Fprintf(out, "\n%s\n\n", text) }

// counter tells how many requests of which kind a server got.
type counter struct{ server *memory.Server }

// report does something and prints what it cost.
func (c counter) report(out io.Writer, do func() error) error {
	before := c.server.Mark()
	if err := do(); err != nil {
		return err
	}
	var writes, dryRuns, watches, reads int
	for _, r := range c.server.RequestsSince(before) {
		switch {
		case r.Watch:
			watches++
		case r.DryRun:
			dryRuns++
		case r.Writes():
			writes++
		default:
			reads++
		}
	}
	fmt.Fprintf(out, "requests: writes %d, dry runs %d, reads %d, watches opened %d\n", writes, dryRuns, reads, watches)
	return nil
}
