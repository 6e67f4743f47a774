package sim

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// machines are the simulated nodes and their addresses.
var machines = []struct{ name, address string }{
	{"node-1", "192.168.66.11"},
	{"node-2", "192.168.66.12"},
}

func addressOf(node string) string {
	for _, m := range machines {
		if m.name == node {
			return m.address
		}
	}
	return ""
}

// className is the StorageClass that claims without a class of their own get.
const className = "standard"

// volumeProvisioner is the name under which that class asks for its volumes.
const volumeProvisioner = "sim.setpoint.dev/volume"

// start makes the nodes and the default StorageClass.
func (s *Simulator) start() error {
	for _, m := range machines {
		if err := s.makeNode(m.name, m.address); err != nil {
			return fmt.Errorf("create node %s: %w", m.name, err)
		}
	}
	_, err := s.create(storageClasses, &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name: className, Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner: volumeProvisioner,
	}, provisioner)
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the default storage class: %w", err)
	}
	return nil
}

func (s *Simulator) makeNode(name, address string) error {
	_, err := s.create(nodes, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
	}}}, kubelet)
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	room := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("1000"),
		corev1.ResourceMemory:           resource.MustParse("4Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Ti"),
		corev1.ResourcePods:             resource.MustParse("10000"),
	}
	return editTyped(s, nodes, &metav1.ObjectMeta{Name: name}, kubelet, "status", func(n *corev1.Node) {
		if len(n.Status.Conditions) > 0 {
			return
		}
		n.Status = corev1.NodeStatus{
			Capacity: room, Allocatable: room,
			Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}, {Type: corev1.NodeHostName, Address: name}},
			NodeInfo:  corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "amd64", KubeletVersion: "v1.37.1", ContainerRuntimeVersion: "simulated://1"},
			Conditions: []corev1.NodeCondition{{
				Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "the simulated node is ready",
				LastHeartbeatTime: s.now(), LastTransitionTime: s.now(),
			}},
		}
	})
}
