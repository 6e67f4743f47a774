package check

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// The resources that the server knows by name; pkg/apis/core/helper of Kubernetes v1.37.1.
var (
	containerResources = []string{"cpu", "memory", "ephemeral-storage"}
	quotaResources     = append([]string{
		"requests.cpu", "requests.memory", "requests.storage", "requests.ephemeral-storage", "limits.cpu", "limits.memory",
		"limits.ephemeral-storage",
	}, append(slices.Clone(containerResources), wholeResources...)...)
	wholeResources = []string{
		"pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps",
		"services.nodeports", "services.loadbalancers",
	}
)

// resourceFormats are the forms of the names of resources.
var resourceFormats = map[string]Format{
	"resource": invalid(resourceName),
	"containerresource": invalid(func(s string) []string {
		out := resourceName(s)
		if !strings.Contains(s, "/") && !slices.Contains(containerResources, s) && !strings.HasPrefix(s, "hugepages-") {
			return append(out, "must be a standard resource for containers")
		}
		if !inDefaultNamespace(s) && !extended(s) {
			return append(out, "doesn't follow extended resource name standard")
		}
		return out
	}),
	"quotaresource": invalid(func(s string) []string {
		out := resourceName(s)
		if !strings.Contains(s, "/") && !quotaResource(s) {
			return append(out, "must be a standard resource for quota")
		}
		return out
	}),
	"limittype": invalid(func(s string) []string {
		out := validation.IsQualifiedName(s)
		if len(out) == 0 && !strings.Contains(s, "/") && !slices.Contains([]string{"Pod", "Container", "PersistentVolumeClaim"}, s) {
			return []string{"must be a standard limit type or fully qualified"}
		}
		return out
	}),
}

func resourceName(s string) []string {
	out := validation.IsQualifiedName(s)
	if len(out) == 0 && !strings.Contains(s, "/") && s != "storage" && !quotaResource(s) {
		return []string{"must be a standard resource type or fully qualified"}
	}
	return out
}

// quotaResource says that a resource is one that quotas know by name.
func quotaResource(s string) bool {
	return slices.Contains(quotaResources, s) || strings.HasPrefix(s, "hugepages-") || strings.HasPrefix(s, "requests.hugepages-")
}

func inDefaultNamespace(s string) bool {
	return !strings.Contains(s, "/") || strings.Contains(s, "kubernetes.io/")
}

// extended says that a resource is counted by somebody else than Kubernetes.
func extended(s string) bool {
	return !inDefaultNamespace(s) && !strings.HasPrefix(s, "requests.") && len(validation.IsQualifiedName("requests."+s)) == 0
}
