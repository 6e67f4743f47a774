package podlife

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Nodes are the names of the simulated nodes.
var Nodes = []string{"node-1", "node-2"}

var addresses = map[string]string{"node-1": "192.168.66.11", "node-2": "192.168.66.12"}

// AddressOf returns the address of a simulated node, empty for any other.
func AddressOf(node string) string { return addresses[node] }

// NodeLabels are the labels that the kubelet of a node gives it.
func NodeLabels(name string) map[string]string {
	return map[string]string{corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64"}
}

// NodeStatus is what the kubelet of a node reports: room for everything, and whether it is ready.
func NodeStatus(name string, ready bool, now metav1.Time) corev1.NodeStatus {
	room := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("1000"),
		corev1.ResourceMemory:           resource.MustParse("4Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Ti"),
		corev1.ResourcePods:             resource.MustParse("10000"),
	}
	condition := corev1.NodeCondition{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "the simulated node is ready",
		LastHeartbeatTime: now, LastTransitionTime: now,
	}
	if !ready {
		condition.Status, condition.Reason, condition.Message = corev1.ConditionFalse, "KubeletNotReady", "the simulated node is not ready"
	}
	return corev1.NodeStatus{
		Capacity: room, Allocatable: room,
		Addresses:  []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: AddressOf(name)}, {Type: corev1.NodeHostName, Address: name}},
		NodeInfo:   corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "amd64", KubeletVersion: "v1.37.1", ContainerRuntimeVersion: "simulated://1"},
		Conditions: []corev1.NodeCondition{condition},
	}
}
