// Package scheme registers the kinds of a Kubernetes API server with the server's own defaulting, for the generators and
// their tests.
package scheme

import (
	"cmp"
	"slices"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/install"
	admissionregistration "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	apiserverinternal "k8s.io/kubernetes/pkg/apis/apiserverinternal/install"
	apps "k8s.io/kubernetes/pkg/apis/apps/install"
	autoscaling "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	batch "k8s.io/kubernetes/pkg/apis/batch/install"
	certificates "k8s.io/kubernetes/pkg/apis/certificates/install"
	coordination "k8s.io/kubernetes/pkg/apis/coordination/install"
	core "k8s.io/kubernetes/pkg/apis/core/install"
	discovery "k8s.io/kubernetes/pkg/apis/discovery/install"
	events "k8s.io/kubernetes/pkg/apis/events/install"
	flowcontrol "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	lifecycle "k8s.io/kubernetes/pkg/apis/lifecycle/install"
	networking "k8s.io/kubernetes/pkg/apis/networking/install"
	node "k8s.io/kubernetes/pkg/apis/node/install"
	policy "k8s.io/kubernetes/pkg/apis/policy/install"
	rbac "k8s.io/kubernetes/pkg/apis/rbac/install"
	resource "k8s.io/kubernetes/pkg/apis/resource/install"
	scheduling "k8s.io/kubernetes/pkg/apis/scheduling/install"
	storage "k8s.io/kubernetes/pkg/apis/storage/install"
	storagemigration "k8s.io/kubernetes/pkg/apis/storagemigration/install"

	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// New returns a scheme with every group.
func New() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	for _, install := range []func(*runtime.Scheme){
		admissionregistration.Install, apiextensions.Install, apiregistration.Install, apiserverinternal.Install, apps.Install, autoscaling.Install, batch.Install,
		certificates.Install, coordination.Install, core.Install, discovery.Install, events.Install, flowcontrol.Install, lifecycle.Install, networking.Install,
		node.Install, policy.Install, rbac.Install, resource.Install, scheduling.Install, storage.Install, storagemigration.Install,
	} {
		install(s)
	}
	return s, nil
}

// Kinds returns the versioned kinds that are objects with metadata, of the group versions that the embedded documents
// describe, in order.
func Kinds(s *runtime.Scheme) []schema.GroupVersionKind {
	served := embedded.GroupVersions()
	var out []schema.GroupVersionKind
	for gvk, t := range s.AllKnownTypes() {
		if !slices.Contains(served, gvk.GroupVersion()) || strings.HasSuffix(gvk.Kind, "List") {
			continue
		}
		f, ok := t.FieldByName("ObjectMeta")
		if !ok || !f.Anonymous {
			continue
		}
		out = append(out, gvk)
	}
	slices.SortFunc(out, func(a, b schema.GroupVersionKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}
