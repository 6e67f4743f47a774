package strategy

import "k8s.io/apimachinery/pkg/runtime/schema"

// Form is a second form of a kind, which is stored as another: a version of its group, or a kind of another group. Writes and
// reads are converted, so both show the same objects.
type Form struct {
	// Of is the form that is stored.
	Of schema.GroupVersionKind
	// Store rewrites an object into the stored form, and Show into this one. ApiVersion and kind are the caller's to set.
	Store, Show func(obj map[string]any) error
}

// forms is the table. Sources: the conversions of Kubernetes v1.37.1, pkg/apis.
var forms = map[schema.GroupVersionKind]Form{
	{Group: "autoscaling", Version: "v1", Kind: "HorizontalPodAutoscaler"}: {
		Of:    schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"},
		Store: storeAutoscaler, Show: showAutoscaler,
	},
	{Group: "events.k8s.io", Version: "v1", Kind: "Event"}: {
		Of:    schema.GroupVersionKind{Version: "v1", Kind: "Event"},
		Store: storeEvent, Show: showEvent,
	},
}

// FormOf returns the second form that a kind is, false for kinds that are stored as they are.
func FormOf(kind schema.GroupVersionKind) (Form, bool) {
	f, ok := forms[kind]
	return f, ok
}

// Family returns all forms of a kind, the stored one first.
func Family(kind schema.GroupVersionKind) []schema.GroupVersionKind {
	of := kind
	if f, ok := forms[kind]; ok {
		of = f.Of
	}
	family := []schema.GroupVersionKind{of}
	for other, f := range forms {
		if f.Of == of {
			family = append(family, other)
		}
	}
	return family
}
