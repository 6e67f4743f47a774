package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/cluster"
)

// discoverEach reads discovery from a server that has no aggregated documents (before Kubernetes 1.27): index is the
// endpoint's list of versions or groups, and every group version is a document of its own. One that cannot be had is stale.
func (c *Client) discoverEach(ctx context.Context, path string, index []byte) (map[string]group, error) {
	groups := map[string]group{}
	if path == c.core.path {
		var list metav1.APIVersions
		if err := json.Unmarshal(index, &list); err != nil {
			return nil, fmt.Errorf("read the list of versions %s: %w", path, err)
		}
		for _, v := range list.Versions {
			groups[""] = append(groups[""], groupVersion{version: v})
		}
	} else {
		var list metav1.APIGroupList
		if err := json.Unmarshal(index, &list); err != nil {
			return nil, fmt.Errorf("read the list of groups %s: %w", path, err)
		}
		for _, g := range list.Groups {
			first := g.PreferredVersion.Version
			slices.SortStableFunc(g.Versions, func(a, b metav1.GroupVersionForDiscovery) int {
				switch {
				case a.Version == first && b.Version != first:
					return -1
				case b.Version == first && a.Version != first:
					return 1
				}
				return 0
			})
			for _, v := range g.Versions {
				groups[g.Name] = append(groups[g.Name], groupVersion{version: v.Version})
			}
		}
	}
	var work errgroup.Group
	work.SetLimit(8)
	for name, g := range groups {
		for i := range g {
			work.Go(func() error {
				g[i] = c.single(ctx, path, name, g[i].version)
				return nil
			})
		}
	}
	_ = work.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return groups, nil
}

// single reads the document of one group version.
func (c *Client) single(ctx context.Context, path, name, version string) groupVersion {
	gv := groupVersion{version: version, kinds: map[string]resource{}}
	at := path + "/" + groupVersionName(name, version)
	got, err := c.root().do(ctx, call{op: "get", ref: cluster.Ref{Kind: at}, method: http.MethodGet, path: at})
	if err != nil {
		gv.stale = fmt.Errorf("%w: %w", staleness(name, version), bare(err))
		return gv
	}
	var list metav1.APIResourceList
	if err := json.Unmarshal(got.body, &list); err != nil {
		gv.stale = fmt.Errorf("read the list of kinds %s: %w", at, err)
		return gv
	}
	for _, r := range list.APIResources {
		if !strings.Contains(r.Name, "/") {
			gv.kinds[r.Kind] = resource{plural: r.Name, namespaced: r.Namespaced}
		}
	}
	for _, r := range list.APIResources {
		parent, sub, ok := strings.Cut(r.Name, "/")
		for kind, owner := range gv.kinds {
			if ok && owner.plural == parent {
				owner.status = owner.status || sub == "status"
				owner.scale = owner.scale || sub == "scale"
				gv.kinds[kind] = owner
			}
		}
	}
	return gv
}

// bare returns the cause of a request's error, for an error that names the subject itself.
func bare(err error) error {
	var e *cluster.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
