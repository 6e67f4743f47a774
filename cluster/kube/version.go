package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/version"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Version returns the server's version without its leading "v", such as "1.37.1", as renderers take it.
func (c *Client) Version(ctx context.Context) (string, error) {
	ref := cluster.Ref{Kind: "version"}
	got, err := c.do(ctx, call{op: "get", ref: ref, method: http.MethodGet, path: "/version"})
	if err != nil {
		return "", err
	}
	var info version.Info
	if err := json.Unmarshal(got.body, &info); err != nil {
		return "", &cluster.Error{Op: "get", Ref: ref, Code: got.code, Err: fmt.Errorf("read the server's answer: %w", err)}
	}
	return strings.TrimPrefix(info.GitVersion, "v"), nil
}

// APIs returns the API versions ("apps/v1") and kinds ("apps/v1/Deployment") that the server serves, sorted, as renderers
// take them. A group version that cannot be learned now is left out, and the error is then a join of one
// [*cluster.DiscoveryError] for each, beside a list that holds all others.
func (c *Client) APIs(ctx context.Context) ([]string, error) {
	var apis []string
	var faults []error
	for _, d := range []*directory{&c.core, &c.named} {
		groups, err := d.all(ctx, c.discover)
		if err != nil {
			return nil, &cluster.Error{Op: "discover", Ref: cluster.Ref{Kind: d.path}, Err: err}
		}
		for name, g := range groups {
			for _, gv := range g {
				if gv.stale != nil {
					faults = append(faults, &cluster.DiscoveryError{Group: name, Err: gv.stale})
					continue
				}
				version := groupVersionName(name, gv.version)
				apis = append(apis, version)
				for kind := range gv.kinds {
					apis = append(apis, version+"/"+kind)
				}
			}
		}
	}
	slices.Sort(apis)
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return apis, errors.Join(faults...)
}

// UID returns what identifies the cluster: the UID of its namespace kube-system. It is asked for once,
// under the identity of the configuration.
func (c *Client) UID(ctx context.Context) (types.UID, error) {
	if uid := c.uid.Load(); uid != nil {
		return *uid, nil
	}
	obj, err := c.root().Get(ctx, cluster.Ref{Kind: "Namespace", Name: "kube-system"}, cluster.GetOptions{})
	if err != nil {
		return "", err
	}
	uid := obj.GetUID()
	c.uid.Store(&uid)
	return uid, nil
}
