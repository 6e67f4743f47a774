package main

import (
	"context"
	"errors"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
	"github.com/setpoint-dev/setpoint/render/plain"
	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/dir"
	"github.com/setpoint-dev/setpoint/source/git"
)

// run renders what is asked for, compares, and prints.
func run(ctx context.Context, f flags, out io.Writer) error {
	before, after, err := sources(f)
	if err != nil {
		return err
	}
	desired, err := rendered(ctx, after, f.path)
	if f.kubeconfig != "" || f.context != "" {
		if err != nil {
			return err
		}
		set, err := withCluster(ctx, f, desired)
		if err != nil {
			return err
		}
		return report(out, f, set)
	}
	old, oldErr := rendered(ctx, before, f.path)
	switch {
	case errors.Is(err, render.ErrNoManifests) && oldErr == nil:
		desired = &render.Result{} // The change deletes everything.
	case err != nil:
		return err
	case errors.Is(oldErr, render.ErrNoManifests):
		old = &render.Result{} // The change is the first.
	case oldErr != nil:
		return oldErr
	}
	set, err := diff.New("setpoint", nil, &diff.Options{Origin: origins(desired)}).CompareRevisions(ctx, old.Objects, desired.Objects)
	if err != nil {
		return err
	}
	return report(out, f, set)
}

func report(out io.Writer, f flags, set *diff.Set) error {
	return diff.FprintMarkdown(out, set, &diff.MarkdownOptions{Title: f.title, MaxBytes: f.limit})
}

// origins tells where the rendered objects come from.
func origins(r *render.Result) func(ref cluster.Ref, path string) cluster.Origin {
	from := make(map[cluster.Ref]cluster.Origin, len(r.Objects))
	for i, obj := range r.Objects {
		from[cluster.RefOf(obj)] = r.Origins[i]
	}
	return func(ref cluster.Ref, _ string) cluster.Origin { return from[ref] }
}

// sources are the two sides: directories, or revisions of one repository, of which what they share is fetched once.
func sources(f flags) (before, after source.Fetcher, err error) {
	if f.repo == "" {
		return dir.New(f.before, nil), dir.New(f.after, nil), nil
	}
	repo, err := git.Open(f.repo, nil)
	if err != nil {
		return nil, nil, err
	}
	return repo.At(f.from), repo.At(f.to), nil
}

func rendered(ctx context.Context, from source.Fetcher, path string) (*render.Result, error) {
	snapshot, err := from.Fetch(ctx, source.Revision{})
	if err != nil {
		return nil, err
	}
	defer snapshot.Close()
	renderer := render.Auto{Plain: plain.New(&plain.Options{Recurse: true}), Kustomize: kustomize.New(nil)}
	return renderer.Render(ctx, render.Input{FS: snapshot.FS, Path: path})
}

// withCluster compares with what runs.
func withCluster(ctx context.Context, f flags, rendered *render.Result) (*diff.Set, error) {
	client, err := kube.FromKubeconfig(f.kubeconfig, f.context, nil)
	if err != nil {
		return nil, err
	}
	schemas := diff.NewSchemas(client)
	var versions []schema.GroupVersion
	var live []*unstructured.Unstructured
	objects := placed(rendered.Objects, f.namespace, func(group, kind string) bool {
		k, err := client.Kind(ctx, group, kind)
		return err == nil && !k.Namespaced
	})
	for _, obj := range objects {
		versions = append(versions, obj.GroupVersionKind().GroupVersion())
		found, err := client.Get(ctx, cluster.RefOf(obj), cluster.GetOptions{Version: obj.GroupVersionKind().Version})
		switch {
		case errors.Is(err, cluster.ErrNotFound), errors.Is(err, cluster.ErrNoKind):
		case err != nil:
			return nil, err
		default:
			live = append(live, found)
		}
	}
	if err := schemas.Load(ctx, versions...); err != nil {
		return nil, err
	}
	c := diff.New("setpoint", schemas, &diff.Options{Origin: origins(rendered)})
	desired, err := c.PrepareAll(objects)
	if err != nil {
		return nil, err
	}
	found, err := c.CompareAll(ctx, desired, live)
	if err != nil || !f.confirm {
		return found, err
	}
	return diff.NewConfirmer(client, nil).ConfirmAll(ctx, found)
}

// placed gives objects of namespaced kinds that name no namespace the default one.
func placed(objects []*unstructured.Unstructured, namespace string, clusterWide func(group, kind string) bool) []*unstructured.Unstructured {
	for _, obj := range objects {
		gvk := obj.GroupVersionKind()
		if obj.GetNamespace() == "" && !clusterWide(gvk.Group, gvk.Kind) {
			obj.SetNamespace(namespace)
		}
	}
	return objects
}
