package strategy

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// oldLabels are those of nodes that nobody should choose by any more; pkg/api/node/util.go of Kubernetes v1.37.1.
var oldLabels = map[string]string{
	"beta.kubernetes.io/arch":                       `deprecated since v1.14; use "kubernetes.io/arch" instead`,
	"beta.kubernetes.io/os":                         `deprecated since v1.14; use "kubernetes.io/os" instead`,
	"failure-domain.beta.kubernetes.io/region":      `deprecated since v1.17; use "topology.kubernetes.io/region" instead`,
	"failure-domain.beta.kubernetes.io/zone":        `deprecated since v1.17; use "topology.kubernetes.io/zone" instead`,
	"beta.kubernetes.io/instance-type":              `deprecated since v1.17; use "node.kubernetes.io/instance-type" instead`,
	"app.kubernetes.io/created-by":                  `deprecated since v1.9`,
	"scheduler.alpha.kubernetes.io/preferAvoidPods": `deprecated since v1.22; use Taints and Tolerations instead`,
	"node-role.kubernetes.io/master":                `use "node-role.kubernetes.io/control-plane" instead`,
}

// placement warns of nodes that are chosen by what has other names now, and of pods that are spread among none.
func (n *notes) placement(spec map[string]any, at *field.Path) {
	chosen, _ := spec["nodeSelector"].(map[string]any)
	for _, label := range slices.Sorted(maps.Keys(chosen)) {
		if note := oldLabels[label]; note != "" {
			n.at(at.Child("nodeSelector").Key(label), "%s", note)
		}
	}
	node := at.Child("affinity", "nodeAffinity")
	required := Path{"affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"}
	for i, term := range items(spec, required) {
		n.term(term, false, node.Child(required[2], required[3]).Index(i))
	}
	preferred := Path{"affinity", "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"}
	for i, term := range items(spec, preferred) {
		n.term(structure(term, Path{"preference"}), true, node.Child(preferred[2]).Index(i).Child("preference"))
	}
	for i, spread := range items(spec, Path{"topologySpreadConstraints"}) {
		where := at.Child("topologySpreadConstraints").Index(i)
		if key, _ := spread["topologyKey"].(string); oldLabels[key] != "" {
			n.at(where.Child("topologyKey"), "%s is %s", key, oldLabels[key])
		}
		if spread["labelSelector"] == nil {
			n.noPods(where.Child("labelSelector"))
		}
	}
}

func (n *notes) noPods(at *field.Path) { n.at(at, "a null labelSelector results in matching no pod") }

// term warns about one way to choose nodes; values says that values that no label has are told.
func (n *notes) term(term map[string]any, values bool, at *field.Path) {
	for i, e := range items(term, Path{"matchExpressions"}) {
		where := at.Child("matchExpressions").Index(i)
		if key, _ := e["key"].(string); oldLabels[key] != "" {
			n.at(where.Child("key"), "%s is %s", key, oldLabels[key])
		}
		if !values {
			continue
		}
		for j, value := range strs(e, Path{"values"}) {
			for _, fault := range validation.IsValidLabelValue(value) {
				n.at(where.Child("values").Index(j), "%s is invalid, %s", value, fault)
			}
		}
	}
}

// affinity warns of pods that are chosen by nothing.
func (n *notes) affinity(spec map[string]any, at *field.Path) {
	for _, kind := range []string{"podAffinity", "podAntiAffinity"} {
		const required, preferred = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
		for i, term := range items(spec, Path{"affinity", kind, required}) {
			if term["labelSelector"] == nil {
				n.noPods(at.Child(kind, required).Index(i).Child("labelSelector"))
			}
		}
		for i, term := range items(spec, Path{"affinity", kind, preferred}) {
			if Get(term, Path{"podAffinityTerm", "labelSelector"}) == nil {
				n.noPods(at.Child(kind, preferred).Index(i).Child("podAffinityTerm", "labelSelector"))
			}
		}
	}
}
