package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// manager applies the desired objects.
const manager = "bench"

// sample is a set of desired objects, and what a real API server made of them.
type sample struct {
	schemas *diff.Schemas
	passes  int
	// desired are the objects as they were applied, and changed those with another image or label. Live are those that the
	// server held then, and moved those after another manager had changed some.
	desired, changed, live, moved []*unstructured.Unstructured
	// folder holds the same for the peer.
	folder string
	peer   *peer
}

// Close ends the peer and removes its files.
func (s *sample) Close() {
	if s.peer != nil {
		s.peer.Close()
	}
	_ = os.RemoveAll(s.folder)
}

// sample applies n objects of each kind to the control plane and reads them back. Another manager changes every one of so many.
func (l *diffLab) sample(ctx context.Context, kinds []kind, n, every int) (*sample, error) {
	plane, err := l.running(ctx)
	if err != nil {
		return nil, err
	}
	namespace, _, err := l.newNamespace(ctx, plane)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(plane.Config())
	if err != nil {
		return nil, err
	}
	s := &sample{passes: l.passes}
	if s.schemas, err = schemasOf(ctx, plane, kinds); err != nil {
		return nil, err
	}
	var placed []kind
	for i := range n {
		for _, k := range kinds {
			obj := k.object(fmt.Sprintf("object-%d", i), first)
			obj.SetNamespace(namespace)
			s.desired, s.changed = append(s.desired, obj), append(s.changed, changed(obj))
			placed = append(placed, k)
		}
	}
	s.live, s.moved = make([]*unstructured.Unstructured, len(placed)), make([]*unstructured.Unstructured, len(placed))
	err = parallel(ctx, len(placed), func(ctx context.Context, i int) error {
		c, name := client.Resource(placed[i].resource).Namespace(namespace), s.desired[i].GetName()
		obj, err := c.Apply(ctx, name, s.desired[i], metav1.ApplyOptions{FieldManager: manager})
		if err == nil && placed[i].resource == deployments {
			obj, err = c.Patch(ctx, name, types.MergePatchType, []byte(rolledOut), metav1.PatchOptions{FieldManager: "kube-controller-manager"}, "status")
		}
		if err != nil {
			return err
		}
		s.live[i], s.moved[i] = obj, obj
		if i%every == 0 {
			s.moved[i], err = c.Patch(ctx, name, types.MergePatchType, []byte(taken(placed[i])), metav1.PatchOptions{FieldManager: "kubectl-edit"})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.folder, err = os.MkdirTemp("", "setpoint-bench-"); err != nil {
		return nil, err
	}
	return s, errors.Join(s.write("desired", s.desired), s.write("changed", s.changed), s.write("live", s.live), s.write("moved", s.moved), s.document(ctx, plane))
}

// rolledOut is the status that the controller of Deployments writes.
const rolledOut = `{"status":{"observedGeneration":1,"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2,"conditions":[
{"type":"Available","status":"True","reason":"MinimumReplicasAvailable","message":"Deployment has minimum availability.","lastUpdateTime":"2026-01-02T03:04:05Z","lastTransitionTime":"2026-01-02T03:04:05Z"},
{"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable","message":"ReplicaSet has successfully progressed.","lastUpdateTime":"2026-01-02T03:04:05Z","lastTransitionTime":"2026-01-02T03:04:05Z"}]}}`

// taken is what another manager changes of an object.
func taken(k kind) string {
	if k.resource == deployments {
		return `{"spec":{"replicas":5}}`
	}
	return `{"metadata":{"labels":{"app.kubernetes.io/part-of":"another"}}}`
}

// changed returns an object with a new image, or a new label when it has none.
func changed(obj *unstructured.Unstructured) *unstructured.Unstructured {
	obj = obj.DeepCopy()
	spec, _ := obj.Object["spec"].(object)
	template, _ := spec["template"].(object)
	pod, _ := template["spec"].(object)
	if containers, ok := pod["containers"].([]any); ok {
		containers[0].(object)["image"] = "registry.example.com/app:v1.3.0"
		return obj
	}
	obj.SetLabels(map[string]string{"app.kubernetes.io/name": obj.GetName(), "app.kubernetes.io/part-of": "changed"})
	return obj
}

// schemasOf reads the schemas of kinds from the server.
func schemasOf(ctx context.Context, plane *kubetest.ControlPlane, kinds []kind) (*diff.Schemas, error) {
	source, err := kube.New(plane.Config(), nil)
	if err != nil {
		return nil, err
	}
	var versions []schema.GroupVersion
	for _, k := range kinds {
		versions = append(versions, k.resource.GroupVersion())
	}
	out := diff.NewSchemas(source)
	return out, out.Load(ctx, versions...)
}

// write puts objects into a file for the peer, one on each line.
func (s *sample) write(name string, objs []*unstructured.Unstructured) error {
	f, err := os.Create(filepath.Join(s.folder, name))
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	enc := json.NewEncoder(b)
	for _, obj := range objs {
		if err := enc.Encode(obj.Object); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(b.Flush(), f.Close())
}

// document puts the server's OpenAPI v2 document into a file, in the encoding that the peer's client asks for.
func (s *sample) document(ctx context.Context, plane *kubetest.ControlPlane) error {
	d, err := discovery.NewDiscoveryClientForConfig(plane.Config())
	if err != nil {
		return err
	}
	data, err := d.RESTClient().Get().AbsPath("/openapi/v2").
		SetHeader("Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf").Do(ctx).Raw()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.folder, "openapi.pb"), data, 0o600)
}
