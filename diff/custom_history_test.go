package diff_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/csaupgrade"
)

// customHistory writes one object again and again.
type customHistory struct {
	ctx       context.Context
	client    dynamic.Interface
	namespace string
	c         *custom
	r         *rand.Rand
	name      string
	// applied is what we applied last, at the version of it.
	applied *unstructured.Unstructured
	// steps counts the writes that the server took by what they were.
	steps map[string]int
}

// object returns a random object at a version.
func (h *customHistory) object(version string, odd int, oddities map[string]int) *unstructured.Unstructured {
	v := &valuer{r: h.r, density: 0.2 + 0.6*h.r.Float64(), odd: odd, oddities: oddities}
	content, _ := v.value(h.c.specs[version]).(o)
	if content == nil {
		content = o{}
	}
	delete(content, "metadata")
	u := &unstructured.Unstructured{Object: content}
	u.SetAPIVersion(customGroup + "/" + version)
	u.SetKind(h.c.kind)
	u.SetName(h.name)
	u.SetNamespace(h.namespace)
	for _, k := range []string{"a", "b"} {
		if h.r.IntN(2) == 0 {
			_ = unstructured.SetNestedField(u.Object, []string{"x", "y"}[h.r.IntN(2)], "metadata", "labels", k)
		}
	}
	return u
}

func (h *customHistory) of(version string) dynamic.ResourceInterface {
	at := h.c.resource
	at.Version = version
	return h.client.Resource(at).Namespace(h.namespace)
}

// version returns one of the versions, most often the first.
func (h *customHistory) version() string {
	if h.r.IntN(3) > 0 {
		return h.c.served[0]
	}
	return h.c.served[h.r.IntN(len(h.c.served))]
}

// apply sends an object as it is, forced.
func (h *customHistory) apply(obj *unstructured.Unstructured, manager string, sub ...string) error {
	data, err := json.Marshal(obj.Object)
	if err != nil {
		return err
	}
	force := true
	_, err = h.of(obj.GroupVersionKind().Version).Patch(h.ctx, h.name, types.ApplyPatchType, data, metav1.PatchOptions{FieldManager: manager, Force: &force}, sub...)
	if err == nil && manager == us && len(sub) == 0 {
		h.applied = obj
	}
	return err
}

// write makes one random write.
func (h *customHistory) write() error {
	name := "apply"
	var err error
	version := h.version()
	switch h.r.IntN(16) {
	default:
		err = h.apply(h.object(version, 0, nil), us)
	case 3, 4:
		name, err = "apply by another", h.apply(h.object(version, 0, nil), []string{"helm", "kubectl"}[h.r.IntN(2)])
	case 5:
		name, err = "apply what we applied, by another", h.again("helm")
	case 6:
		name = "give up"
		err = h.apply(&unstructured.Unstructured{Object: o{"apiVersion": customGroup + "/" + version, "kind": h.c.kind, "metadata": o{"name": h.name}}}, []string{us, "helm"}[h.r.IntN(2)])
	case 7:
		name, err = "replace", h.replace(version, []string{us, "editor"}[h.r.IntN(2)])
	case 8, 9:
		name, err = "merge patch", h.merge(version, []string{us, "editor", "editor"}[h.r.IntN(3)])
	case 10:
		name = "apply status"
		obj := h.object(version, 0, nil)
		delete(obj.Object, "spec")
		delete(obj.Object, "data")
		unstructured.RemoveNestedField(obj.Object, "metadata", "labels")
		obj.Object["status"] = o{"phase": "x", "conditions": l{o{"type": "a"}}}
		err = h.apply(obj, []string{us, "controller"}[h.r.IntN(2)], "status")
	case 11:
		name = "patch status"
		_, err = h.of(version).Patch(h.ctx, h.name, types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{"b":"st"}},"status":{"phase":%q}}`, []string{"y", "z"}[h.r.IntN(2)]), metav1.PatchOptions{FieldManager: []string{us, "controller"}[h.r.IntN(2)]}, "status")
	case 12:
		name = "patch scale"
		_, err = h.of(version).Patch(h.ctx, h.name, types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, h.r.IntN(5)), metav1.PatchOptions{FieldManager: []string{us, "hpa"}[h.r.IntN(2)]}, "scale")
	case 13:
		name = "apply scale"
		scale := &unstructured.Unstructured{Object: o{"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": o{"name": h.name, "namespace": h.namespace}, "spec": o{"replicas": int64(h.r.IntN(5))}}}
		data, _ := json.Marshal(scale.Object)
		force := true
		_, err = h.of(version).Patch(h.ctx, h.name, types.ApplyPatchType, data, metav1.PatchOptions{FieldManager: []string{us, "hpa"}[h.r.IntN(2)], Force: &force}, "scale")
	case 14:
		name, err = h.account()
	case 15:
		name, err = "client-side apply", h.clientSide(version)
	}
	if err == nil {
		h.steps[name]++
	}
	return err
}

func (h *customHistory) again(manager string) error {
	if h.applied == nil {
		return h.apply(h.object(h.version(), 0, nil), manager)
	}
	return h.apply(h.applied, manager)
}

// replace puts another object in the place of the present one.
func (h *customHistory) replace(version, manager string) error {
	live, err := h.of(version).Get(h.ctx, h.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	obj := h.object(version, 0, nil)
	obj.SetResourceVersion(live.GetResourceVersion())
	_, err = h.of(version).Update(h.ctx, obj, metav1.UpdateOptions{FieldManager: manager})
	return err
}

func (h *customHistory) merge(version, manager string) error {
	obj := h.object(version, 0, nil)
	data, err := json.Marshal(obj.Object)
	if err != nil {
		return err
	}
	_, err = h.of(version).Patch(h.ctx, h.name, types.MergePatchType, data, metav1.PatchOptions{FieldManager: manager})
	return err
}

// clientSide applies as kubectl does without --server-side: a patch, and an annotation with all that was applied.
func (h *customHistory) clientSide(version string) error {
	obj := h.object(version, 0, nil)
	last := obj.DeepCopy()
	if h.r.IntN(4) == 0 {
		last = h.object(version, 0, nil)
	}
	obj.SetAnnotations(map[string]string{"kubectl.kubernetes.io/last-applied-configuration": canonicalText(last.Object)})
	data, err := json.Marshal(obj.Object)
	if err != nil {
		return err
	}
	_, err = h.of(version).Patch(h.ctx, h.name, types.MergePatchType, data, metav1.PatchOptions{FieldManager: "kubectl-client-side-apply"})
	if err == nil && h.r.IntN(2) == 0 {
		h.applied = last
	}
	return err
}

// account writes the account of who owns what itself, as tools do that move from one way of applying to another.
func (h *customHistory) account() (string, error) {
	live, err := h.of(h.version()).Get(h.ctx, h.name, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	entries := live.GetManagedFields()
	name := "forget all owners"
	switch h.r.IntN(5) {
	default:
		name = "upgrade to server-side apply"
		if err := csaupgrade.UpgradeManagedFields(live, sets.New("kubectl-client-side-apply", "editor"), us); err != nil {
			return name, err
		}
		entries = live.GetManagedFields()
	case 0:
		entries = []metav1.ManagedFieldsEntry{{}}
	case 1:
		name = "an empty entry"
		at := metav1.NewTime(time.Now())
		entries = append(entries, metav1.ManagedFieldsEntry{Manager: "empty", Operation: "Update", APIVersion: customGroup + "/v1", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{}`), Time: &at})
	case 2:
		name = "an entry of a version that is none"
		entries = append(entries, metav1.ManagedFieldsEntry{Manager: "old", Operation: "Update", APIVersion: customGroup + "/v1alpha1", FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:f1":{}}}`)})
	case 3:
		name = "what another applied is ours by update"
		for i, e := range entries {
			if e.Manager == "helm" || e.Manager == "editor" {
				entries[i].Manager, entries[i].Operation = us, "Update"
			}
		}
	}
	live.SetManagedFields(entries)
	_, err = h.of(live.GroupVersionKind().Version).Update(h.ctx, live, metav1.UpdateOptions{FieldManager: "tool"})
	return name, err
}

// run makes the object and writes it some times.
func (h *customHistory) run() error {
	var err error
	made := false
	for range 12 {
		if h.r.IntN(4) == 0 {
			_, err = h.of("v1").Create(h.ctx, h.object("v1", 0, nil), metav1.CreateOptions{FieldManager: []string{us, "editor"}[h.r.IntN(2)]})
		} else {
			err = h.apply(h.object(h.version(), 0, nil), []string{us, us, "helm"}[h.r.IntN(3)])
		}
		if made = err == nil; made {
			break
		}
	}
	if !made {
		return err
	}
	for range h.r.IntN(6) {
		_ = h.write() // What the server refuses is no part of the history.
	}
	return nil
}
