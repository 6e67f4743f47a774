package sync

import (
	"context"
	"errors"
	"fmt"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Target says what a plan was made for.
type Target struct {
	// Cluster is the UID of the namespace kube-system, by which a cluster is told from others; empty when it may not be
	// read.
	Cluster string `json:"cluster,omitempty"`
	// Inventory is the inventory's marks, or its name when it puts none.
	Inventory string `json:"inventory"`
	// Manager is the field manager.
	Manager string `json:"manager"`
}

func (e *Engine) target(ctx context.Context, m marks) (Target, error) {
	t := Target{Inventory: m.String(), Manager: e.opts.Manager}
	if s, ok := e.inv.(fmt.Stringer); ok && t.Inventory == "" {
		t.Inventory = s.String()
	}
	e.mu.Lock()
	t.Cluster = e.clusterID
	e.mu.Unlock()
	if t.Cluster != "" {
		return t, nil
	}
	ns, err := e.get(ctx, cluster.Ref{Kind: "Namespace", Name: "kube-system"}, "v1")
	switch {
	case errors.Is(err, cluster.ErrForbidden):
		return t, nil
	case err != nil:
		return t, err
	case ns != nil:
		t.Cluster = string(ns.GetUID())
	}
	e.mu.Lock()
	e.clusterID = t.Cluster
	e.mu.Unlock()
	return t, nil
}
