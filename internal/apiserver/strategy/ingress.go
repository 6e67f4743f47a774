package strategy

import "k8s.io/apimachinery/pkg/util/validation/field"

// ingressPaths checks that each path says how it is matched, for which there is no default.
func ingressPaths(obj, _ map[string]any) field.ErrorList {
	var errs field.ErrorList
	rules, _ := Get(obj, Path{"spec", "rules"}).([]any)
	for i, r := range rules {
		r, _ := r.(map[string]any)
		paths, _ := Get(r, Path{"http", "paths"}).([]any)
		for j, p := range paths {
			p, _ := p.(map[string]any)
			where := field.NewPath("spec", "rules").Index(i).Child("http", "paths").Index(j).Child("pathType")
			switch kind, _ := p["pathType"].(string); kind {
			case "Exact", "Prefix", "ImplementationSpecific":
			case "":
				errs = append(errs, field.Required(where, "pathType must be specified"))
			default:
				errs = append(errs, field.NotSupported(where, kind, []string{"Exact", "ImplementationSpecific", "Prefix"}))
			}
		}
	}
	return errs
}
