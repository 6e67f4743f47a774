package check

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// notEphemeral are the fields that a container lacks which is added to look at a pod that runs.
var notEphemeral = []string{
	"ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resizePolicy", "restartPolicy", "restartPolicyRules",
}

// ephemeralOf returns the containers of a pod that were added to look at it.
func ephemeralOf(spec map[string]any, at *field.Path) []container {
	var out []container
	for i, c := range list(spec, "ephemeralContainers") {
		obj, _ := c.(map[string]any)
		out = append(out, container{obj: obj, at: at.Child("ephemeralContainers").Index(i)})
	}
	return out
}

// ephemeral: each with a name of its own, for a container that is there, and with nothing that the pod would depend on.
func ephemeral(spec map[string]any, at *field.Path, volumes map[string]map[string]any) field.ErrorList {
	var errs field.ErrorList
	var others, names []string
	for _, c := range containersOf(spec, at) {
		others = append(others, str(c.obj, "name"))
	}
	names = slices.Clone(others)
	for _, c := range ephemeralOf(spec, at) {
		errs = slices.Concat(errs, c.mounts(volumes), c.ports(spec), c.resizing(spec), c.claims(spec), c.security(spec), c.files(spec))
		if name := str(c.obj, "name"); slices.Contains(names, name) {
			errs = append(errs, field.Duplicate(c.at.Child("name"), name))
		} else {
			names = append(names, name)
		}
		if target := str(c.obj, "targetContainerName"); target != "" && !slices.Contains(others, target) {
			errs = append(errs, field.NotFound(c.at.Child("targetContainerName"), target))
		}
		const detail = "cannot be set for an Ephemeral Container"
		for _, name := range present(c.obj, notEphemeral...) {
			if !isZero(c.obj[name]) {
				errs = append(errs, field.Forbidden(c.at.Child(name), detail))
			}
		}
		for i, m := range list(c.obj, "volumeMounts") {
			for _, name := range []string{"subPath", "subPathExpr"} {
				if str(m, name) != "" {
					errs = append(errs, field.Forbidden(c.at.Child("volumeMounts").Index(i).Child(name), detail))
				}
			}
		}
	}
	return errs
}
