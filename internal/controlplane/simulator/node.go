package simulator

import (
	"context"
	"fmt"
	"runtime"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// nodes are the names of the simulated nodes and their addresses.
var nodes = []struct{ name, address string }{
	{"node-1", "192.168.66.11"},
	{"node-2", "192.168.66.12"},
}

func nodeAddress(name string) string {
	for _, n := range nodes {
		if n.name == name {
			return n.address
		}
	}
	return ""
}

// makeNodes creates the nodes and reports them Ready. Admission taints every new node as not ready; a node lifecycle
// controller would take the taint away, and since none runs (it would also miss the heartbeats), this does.
func makeNodes(ctx context.Context, client kubernetes.Interface) error {
	for _, n := range nodes {
		if err := makeNode(ctx, client, n.name, n.address); err != nil {
			return err
		}
	}
	return nil
}

func makeNode(ctx context.Context, client kubernetes.Interface, name, address string) error {
	api := client.CoreV1().Nodes()
	node, err := api.Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		corev1.LabelHostname:   name,
		corev1.LabelOSStable:   "linux",
		corev1.LabelArchStable: runtime.GOARCH,
	}}}, metav1.CreateOptions{})
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

	room := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("1000"),
		corev1.ResourceMemory:           resource.MustParse("4Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Ti"),
		corev1.ResourcePods:             resource.MustParse("10000"),
	}
	now := metav1.Now()
	node.Status = corev1.NodeStatus{
		Capacity:    room,
		Allocatable: room,
		Addresses:   []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}, {Type: corev1.NodeHostName, Address: name}},
		NodeInfo:    corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: runtime.GOARCH, KubeletVersion: "v1.37.1", ContainerRuntimeVersion: "simulated://1"},
		Conditions: []corev1.NodeCondition{{
			Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "the simulated node is ready",
			LastHeartbeatTime: now, LastTransitionTime: now,
		}},
	}
	if _, err := api.UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("report node %s ready: %w", name, err)
	}
	return nil
}
