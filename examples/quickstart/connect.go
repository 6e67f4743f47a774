package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/live"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/dir"
	"github.com/setpoint-dev/setpoint/source/git"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

// deliver is the program with -repo.
func deliver(ctx context.Context, f flags, out io.Writer) error {
	fetcher, err := open(f)
	if err != nil {
		return err
	}
	client, done, err := connect(f, out)
	if err != nil {
		return err
	}
	defer done()
	d, closeView, err := newDelivery(ctx, client, fetcher, f, out)
	if err != nil {
		return err
	}
	defer closeView()
	if f.watch {
		return d.follow(ctx, f.interval, f.refetch)
	}
	return d.once(ctx, f.plan)
}

// open returns the source that -repo names: a Git repository, or a directory that is none.
func open(f flags) (source.Fetcher, error) {
	if info, err := os.Stat(f.repo); err == nil && info.IsDir() && !isRepository(f.repo) {
		if f.revision != "" {
			return nil, fmt.Errorf("%s is a directory and no Git repository: it has no revision %q", f.repo, f.revision)
		}
		return dir.New(f.repo, nil), nil
	}
	repo, err := git.Open(f.repo, nil)
	if err != nil {
		return nil, err
	}
	return repo.At(f.revision), nil
}

// isRepository says whether a directory is a work tree or a bare repository.
func isRepository(name string) bool {
	for _, mark := range []string{".git", "objects"} {
		if _, err := fs.Stat(os.DirFS(name), mark); err == nil {
			return true
		}
	}
	return false
}

// connect returns a client for the cluster that the flags name, or for an API server in this process.
func connect(f flags, out io.Writer) (*kube.Client, func(), error) {
	if f.kubeconfig != "" || f.context != "" {
		client, err := kube.FromKubeconfig(f.kubeconfig, f.context, nil)
		return client, func() {}, err
	}
	fmt.Fprintln(out, "no -kubeconfig and no -context: rehearsing on an API server in this process")
	server, err := memory.New(&memory.Options{Controllers: true, Rules: celrules.Compile})
	if err != nil {
		return nil, nil, err
	}
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		server.Close()
		return nil, nil, err
	}
	return client, func() { server.Close() }, nil
}

// newDelivery joins the parts. The engine reads from a view that watches what it reads, so that looking again costs no
// request.
func newDelivery(ctx context.Context, client *kube.Client, fetcher source.Fetcher, f flags, out io.Writer) (*delivery, func(), error) {
	version, err := client.Version(ctx)
	if err != nil {
		return nil, nil, err
	}
	view := live.Open(client, nil)
	record, err := inventory.NewApplySet(view, f.namespace, f.name, nil)
	if err != nil {
		view.Close()
		return nil, nil, err
	}
	engine := setsync.New(view, record, &setsync.Options{
		Namespace: f.namespace,
		Prune:     f.prune,
		Force:     f.force,
		Deadline:  f.deadline,
		Patience:  f.patience,
	})
	d := &delivery{out: out, source: fetcher, path: filepath.ToSlash(f.path), kubeVersion: version, engine: engine}
	return d, func() { view.Close() }, nil
}
