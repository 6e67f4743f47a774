package clustertest_test

import (
	"iter"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// setEach changes a field of every element of a list.
func setEach(obj *unstructured.Unstructured, name string, change func(any) any, path ...string) {
	elements, _, _ := unstructured.NestedSlice(obj.Object, path...)
	for _, e := range elements {
		m := e.(map[string]any)
		if v := change(m[name]); v != nil {
			m[name] = v
		} else {
			delete(m, name)
		}
	}
	if elements != nil {
		_ = unstructured.SetNestedSlice(obj.Object, elements, path...)
	}
}

// hides is a defect in every answer about a kind.
func hides(kind string, change func(obj *unstructured.Unstructured)) bent {
	return bent{object: func(obj *unstructured.Unstructured) {
		if obj.GetKind() == kind {
			change(obj)
		}
	}}
}

// entries changes the entries of managedFields.
func entries(match func(e metav1.ManagedFieldsEntry) bool, change func(e *metav1.ManagedFieldsEntry)) func(obj *unstructured.Unstructured) {
	return func(obj *unstructured.Unstructured) {
		fields := obj.GetManagedFields()
		for i := range fields {
			if match(fields[i]) {
				change(&fields[i])
			}
		}
		obj.SetManagedFields(fields)
	}
}

var hiding = map[string]bent{
	"no-affinity": hides("Service", removed("spec.sessionAffinity")),
	"no-headless": hides("Service", func(obj *unstructured.Unstructured) {
		if ip, _, _ := unstructured.NestedString(obj.Object, "spec", "clusterIP"); ip == "None" {
			removed("spec.clusterIP")(obj)
		}
	}),
	"no-node-ports": hides("Service", func(obj *unstructured.Unstructured) {
		setEach(obj, "nodePort", func(any) any { return nil }, "spec", "ports")
	}),
	"no-second-protocol": hides("Service", func(obj *unstructured.Unstructured) {
		ports, found, _ := unstructured.NestedSlice(obj.Object, "spec", "ports")
		if found {
			_ = unstructured.SetNestedSlice(obj.Object, slices.DeleteFunc(ports, func(p any) bool { return p.(map[string]any)["protocol"] == "UDP" }), "spec", "ports")
		}
	}),
	"one-port": hides("Service", func(obj *unstructured.Unstructured) {
		ports, found, _ := unstructured.NestedSlice(obj.Object, "spec", "ports")
		if found && len(ports) > 1 {
			_ = unstructured.SetNestedSlice(obj.Object, ports[:1], "spec", "ports")
		}
	}),
	"no-dns-policy": hides("PodTemplate", removed("template.spec.dnsPolicy")),
	"always-pulls": hides("PodTemplate", func(obj *unstructured.Unstructured) {
		setEach(obj, "imagePullPolicy", func(v any) any {
			if v == "Never" {
				return "Always"
			}
			return v
		}, "template", "spec", "containers")
	}),
	"quantities-as-written": hides("PodTemplate", func(obj *unstructured.Unstructured) {
		setEach(obj, "resources", func(v any) any {
			if m, ok := v.(map[string]any); ok && m["requests"] != nil {
				m["requests"].(map[string]any)["cpu"] = "1000m"
			}
			return v
		}, "template", "spec", "containers")
	}),
	"no-requests": hides("Pod", func(obj *unstructured.Unstructured) {
		setEach(obj, "resources", func(any) any { return nil }, "spec", "containers")
	}),
	"no-history-limit": hides("Deployment", removed("spec.revisionHistoryLimit")),
	"no-secret-type":   hides("Secret", removed("type")),
	"tells-stringData": hides("Secret", func(obj *unstructured.Unstructured) { obj.Object["stringData"] = map[string]any{} }),
	"no-policy-types": hides("NetworkPolicy", func(obj *unstructured.Unstructured) {
		if obj.GetName() == "a" && len(obj.GetManagedFields()) == 1 {
			removed("spec.policyTypes")(obj)
		}
	}),
	"no-name-label":       hides("Namespace", func(obj *unstructured.Unstructured) { obj.SetLabels(nil) }),
	"applies-are-updates": hides("Service", entries(func(metav1.ManagedFieldsEntry) bool { return true }, func(e *metav1.ManagedFieldsEntry) { e.Operation = "Update" })),
	"forgets-editors":     hides("ConfigMap", entries(func(e metav1.ManagedFieldsEntry) bool { return e.Manager == "editor" }, func(e *metav1.ManagedFieldsEntry) { e.Manager = "somebody" })),
	"forgets-sharers": {answered: func(r request, w *cluster.Written) {
		if r.verb == "apply" && r.kind() == "ConfigMap" && r.write.Manager == "us" && !r.write.Force {
			entries(func(e metav1.ManagedFieldsEntry) bool { return e.Manager == "helm" }, func(e *metav1.ManagedFieldsEntry) { e.Manager = "somebody" })(w.Object)
		}
	}},
	"keeps-what-was-taken": {answered: func(r request, w *cluster.Written) {
		if r.verb == "patch" && r.write.Manager == "test" {
			entries(func(e metav1.ManagedFieldsEntry) bool { return e.Manager == "test" && e.Operation == "Update" }, func(e *metav1.ManagedFieldsEntry) { e.Operation = "Apply" })(w.Object)
		}
	}},
	"owns-what-is-gone": {answered: func(r request, w *cluster.Written) {
		if r.verb == "patch" && strings.Contains(string(r.patch.Data), `"x":null`) {
			entries(func(e metav1.ManagedFieldsEntry) bool { return e.Manager == "us" }, func(e *metav1.ManagedFieldsEntry) {
				e.FieldsV1 = metav1.NewFieldsV1(`{"f:data":{"f:x":{},"f:j":{}}}`)
			})(w.Object)
		}
	}},
	"owns-for-ever": {answered: func(r request, w *cluster.Written) {
		if r.verb == "patch" && len(w.Object.GetManagedFields()) == 0 {
			w.Object.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "somebody"}})
		}
	}},
	"status-is-the-object": hides("Thing", entries(func(e metav1.ManagedFieldsEntry) bool { return e.Subresource == "status" }, func(e *metav1.ManagedFieldsEntry) { e.Subresource = "" })),
}

// without is a definition without some words in its schemas.
func without(words ...string) bent {
	return bent{before: onDefinition(func(schema map[string]any) { drop(schema, words) })}
}

func drop(schema map[string]any, words []string) {
	for _, w := range words {
		delete(schema, w)
	}
	for _, next := range schema {
		if m, ok := next.(map[string]any); ok {
			drop(m, words)
		}
	}
}

// eachProperty changes what the schema of spec says about each of its fields.
func eachProperty(change func(property map[string]any)) bent {
	return bent{before: onDefinition(func(schema map[string]any) {
		properties, _ := schema["properties"].(map[string]any)
		for _, p := range properties {
			change(p.(map[string]any))
		}
	})}
}

var misdefining = map[string]bent{
	"no-schema-defaults": without("default"),
	"no-minimum":         without("minimum"),
	"no-pattern":         without("pattern"),
	"no-enum":            without("enum"),
	"no-required":        without("required", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
	"no-nullable":        without("nullable"),
	"no-preserving":      without("x-kubernetes-preserve-unknown-fields"),
	"no-atomic-maps":     without("x-kubernetes-map-type"),
	"no-list-types":      without("x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
	"no-sets": eachProperty(func(p map[string]any) {
		if p["x-kubernetes-list-type"] == "set" {
			delete(p, "x-kubernetes-list-type")
		}
	}),
	"no-list-maps": eachProperty(func(p map[string]any) {
		if p["x-kubernetes-list-type"] == "map" {
			delete(p, "x-kubernetes-list-type")
			delete(p, "x-kubernetes-list-map-keys")
		}
	}),
	"lists-are-sets": eachProperty(func(p map[string]any) {
		if p["type"] == "array" && p["x-kubernetes-list-type"] == nil {
			p["x-kubernetes-list-type"] = "set"
		}
	}),
	"any-schema-is-good": eachProperty(func(p map[string]any) {
		if len(p) == 0 {
			p["type"] = "string"
		}
	}),
	"numbers-are-text": eachProperty(func(p map[string]any) {
		if p["x-kubernetes-int-or-string"] != nil {
			delete(p, "x-kubernetes-int-or-string")
			p["type"] = "string"
		}
	}),
}

// listing is what a list yields.
type listing = iter.Seq2[*unstructured.Unstructured, error]

var mishearing = map[string]bent{
	"forgets-deletions-in-a-cut": {afterCut: func(e cluster.Event) []cluster.Event {
		if e.Type == cluster.Deleted {
			return nil
		}
		return []cluster.Event{e}
	}},
	"forgets-changes-in-a-cut": {afterCut: func(e cluster.Event) []cluster.Event {
		if e.Type == cluster.Modified {
			return nil
		}
		return []cluster.Event{e}
	}},
	"syncs-again-after-a-cut": {afterCut: func(e cluster.Event) []cluster.Event {
		return []cluster.Event{{Type: cluster.Synced}, e}
	}},
	"repeats-after-a-cut": {afterCut: func(e cluster.Event) []cluster.Event {
		if e.Type == cluster.Added {
			return []cluster.Event{e, e}
		}
		return []cluster.Event{e}
	}},
	"buries-without-identity": {afterCut: func(e cluster.Event) []cluster.Event {
		if e.Type == cluster.Deleted && e.Object.GetName() == "gone" {
			e.Object.SetUID("")
		}
		return []cluster.Event{e}
	}},
	"takes-the-new-for-the-old": {afterCut: func(e cluster.Event) []cluster.Event {
		if e.Type != cluster.Added && e.Object.GetName() == "a" {
			return []cluster.Event{{Type: cluster.Synced}}
		}
		return []cluster.Event{e}
	}},
	"mute-about-the-end-of-a-cut": {endless: true},
	"sees-a-ghost-in-nothing": {list: func(seq listing) listing {
		return func(yield func(*unstructured.Unstructured, error) bool) {
			n := 0
			for obj, err := range seq {
				n++
				if !yield(obj, err) {
					return
				}
			}
			if n == 0 {
				ghost := &unstructured.Unstructured{Object: map[string]any{}}
				ghost.SetName("ghost")
				yield(ghost, nil)
			}
		}
	}},
	"lists-without-kind": {list: func(seq listing) listing {
		return func(yield func(*unstructured.Unstructured, error) bool) {
			for obj, err := range seq {
				if obj != nil && obj.Object["data"] != nil {
					removed("apiVersion")(obj)
				}
				if !yield(obj, err) {
					return
				}
			}
		}
	}},
	"waits-with-deletions": {event: onEvent(cluster.Modified, func(e *cluster.Event) { e.Object.SetDeletionTimestamp(nil) })},
}
