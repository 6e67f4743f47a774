package check

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// resizing: of processor and memory, with or without a restart; without one where nothing restarts.
func (c container) resizing(pod map[string]any) field.ErrorList {
	var errs field.ErrorList
	at := c.at.Child("resizePolicy")
	for i, r := range list(c.obj, "resizePolicy") {
		for name, allowed := range map[string][]string{"resourceName": {"cpu", "memory"}, "restartPolicy": {"NotRequired", "RestartContainer"}} {
			switch value := str(r, name); {
			case value == "":
				errs = append(errs, field.Required(at, ""))
			case !slices.Contains(allowed, value):
				errs = append(errs, field.NotSupported(at, value, allowed))
			}
		}
		policy := str(r, "restartPolicy")
		if str(pod, "restartPolicy") == "Never" && policy != "NotRequired" {
			errs = append(errs, field.Invalid(at, policy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
		}
		if c.init && !c.sidecar && policy == "RestartContainer" {
			errs = append(errs, field.Invalid(at.Index(i).Child("restartPolicy"), policy, "must not be set to 'RestartContainer' for non-sidecar initContainers"))
		}
	}
	return errs
}

// Bounds of the rules by which a container is restarted.
const (
	mostRestartRules = 20
	mostExitCodes    = 255
)

// restarts: rules of restarting are complete, and come with a policy for what they do not say.
func (c container) restarts(map[string]any) field.ErrorList {
	var errs field.ErrorList
	rules, at := list(c.obj, "restartPolicyRules"), c.at.Child("restartPolicyRules")
	if len(rules) > 0 && c.obj["restartPolicy"] == nil {
		errs = append(errs, field.Required(c.at.Child("restartPolicy"), "must specify restartPolicy when restart rules are used"))
	}
	if len(rules) > mostRestartRules {
		errs = append(errs, field.TooMany(at, len(rules), mostRestartRules))
	}
	for i, r := range rules {
		where := at.Index(i)
		if actions := []string{"Restart", "RestartAllContainers"}; !slices.Contains(actions, str(r, "action")) {
			errs = append(errs, field.NotSupported(where.Child("action"), str(r, "action"), actions))
		}
		codes := object(r, "exitCodes")
		if codes == nil {
			errs = append(errs, field.Required(where.Child("exitCodes"), "must be specified"))
			continue
		}
		if operators := []string{"In", "NotIn"}; !slices.Contains(operators, str(codes, "operator")) {
			errs = append(errs, field.NotSupported(where.Child("exitCodes", "operator"), str(codes, "operator"), operators))
		}
		if n := len(list(codes, "values")); n > mostExitCodes {
			errs = append(errs, field.TooMany(where.Child("exitCodes", "values"), n, mostExitCodes))
		}
	}
	return errs
}
