package memory

import (
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// Admission decides about writes where a cluster would ask admission webhooks (Kubernetes docs, Dynamic Admission Control).
// Of those in [Options].Admission that a write concerns, all mutate in order, then the server completes and validates the
// object, then all validate in order; the first refusal ends the write, and nothing is stored. Dry runs are asked about too.
//
// Functions may be called at the same time for different writes, and again for a write that has to be computed anew because
// another one came first. They may read from the server, through a client of their own, but not write to it.
type Admission struct {
	// Name is what refusals call it; a webhook's name has the form of a DNS name, such as "images.example.com".
	Name string
	// Group and Kind are those that the request's path names. Empty means every one.
	Group, Kind string
	// Operations are what it is asked about: Create, which an apply of what is not there is too, Update, which every patch
	// is, and Delete. None means all.
	Operations []admissionv1.Operation
	// Subresources are what it is asked about besides the objects themselves, such as "status", "scale" and "binding". The
	// object of a scale is a Scale. None are asked about unless named; "*" names all.
	Subresources []string
	// Mutate may change r.Object. The kind's defaults are set again afterwards. As on a real server it comes after the
	// account in managedFields was drawn up, so what it changes has no owner. An error refuses the write. Nil changes nothing.
	Mutate func(r *AdmissionRequest) error
	// Validate decides about the object as it would be stored. What it changes is lost. An error refuses the write. Nil
	// allows everything.
	//
	// A refusal reads `admission webhook "images.example.com" denied the request: …` and is a 403 Forbidden, unless the error
	// is one of [k8s.io/apimachinery/pkg/api/errors], whose code, reason and details are kept.
	Validate func(r *AdmissionRequest) error
}

// AdmissionRequest is a write that an [Admission] is asked about.
type AdmissionRequest struct {
	Operation admissionv1.Operation
	// Kind and Resource are what the path of the request names, at the request's version.
	Kind        schema.GroupVersionKind
	Resource    schema.GroupVersionResource
	Subresource string
	// Name is empty while it is still to be generated, and so is that of Object.
	Namespace, Name string
	// Object is the new state, nil of a Delete; Old is the stored one, nil of a Create.
	Object, Old *unstructured.Unstructured
	// User is whom the client impersonates, else "system:admin". Simulated controllers and the garbage collector are
	// "system:kube-controller-manager".
	User authenticationv1.UserInfo
	// DryRun says that nothing is going to be stored.
	DryRun bool
	// Warn sends the client a warning.
	Warn func(message string)
}

// handles reports whether the write is one of those that a is asked about.
func (a Admission) handles(r apiserver.Review) bool {
	if a.Group != "" && a.Group != r.Kind.Group || a.Kind != "" && a.Kind != r.Kind.Kind {
		return false
	}
	if len(a.Operations) > 0 && !slices.Contains(a.Operations, r.Operation) && !slices.Contains(a.Operations, admissionv1.Operation("*")) {
		return false
	}
	return r.Subresource == "" || slices.Contains(a.Subresources, r.Subresource) || slices.Contains(a.Subresources, "*")
}

func admissions(all []Admission) []apiserver.Admission {
	out := make([]apiserver.Admission, len(all))
	for i, a := range all {
		out[i] = apiserver.Admission{Name: a.Name, Handles: a.handles, Mutate: asked(a.Mutate), Validate: asked(a.Validate)}
	}
	return out
}

func asked(f func(*AdmissionRequest) error) func(*apiserver.Review) error {
	if f == nil {
		return nil
	}
	return func(r *apiserver.Review) error { return f((*AdmissionRequest)(r)) }
}
