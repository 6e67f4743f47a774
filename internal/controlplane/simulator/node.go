package simulator

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// makeNodes creates the nodes and reports them Ready. Admission taints every new node as not ready; a node lifecycle
// controller would take the taint away, and since none runs (it would also miss the heartbeats), this does.
func makeNodes(ctx context.Context, client kubernetes.Interface) error {
	for _, name := range podlife.Nodes {
		if err := makeNode(ctx, client, name); err != nil {
			return err
		}
	}
	return nil
}

func makeNode(ctx context.Context, client kubernetes.Interface, name string) error {
	api := client.CoreV1().Nodes()
	node, err := api.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: podlife.NodeLabels(name)}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		node, err = api.Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return fmt.Errorf("create node %s: %w", name, err)
	}
	node.Spec.Taints = nil
	if node, err = api.Update(ctx, node, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("untaint node %s: %w", name, err)
	}
	node.Status = podlife.NodeStatus(name, true, metav1.Now())
	if _, err := api.UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("report node %s ready: %w", name, err)
	}
	return nil
}
