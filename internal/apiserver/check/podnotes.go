package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Annotations of pods that the server reads.
const (
	mirrorNote      = "kubernetes.io/config.mirror"
	costNote        = "controller.kubernetes.io/pod-deletion-cost"
	seccompNote     = "seccomp.security.alpha.kubernetes.io/pod"
	seccompNotes    = "container.seccomp.security.alpha.kubernetes.io/"
	appArmorNotes   = "container.apparmor.security.beta.kubernetes.io/"
	localhostPrefix = "localhost/"
)

// podNotes: annotations that stand for fields say what a field could.
func podNotes(annotations, spec map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if value, ok := annotations[mirrorNote]; ok && str(spec, "nodeName") == "" {
		errs = append(errs, field.Invalid(at.Key(mirrorNote), value, "must set spec.nodeName if mirror pod annotation is set"))
	}
	if value, ok := annotations[costNote].(string); ok {
		_, err := strconv.ParseInt(value, 10, 32)
		if err != nil || value[0] == '+' || value[0] == '0' && value != "0" {
			errs = append(errs, field.Invalid(at.Key(costNote), value, "must be a 32bit integer"))
		}
	}
	var names []string
	for _, part := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for _, c := range list(spec, part) {
			names = append(names, str(c, "name"))
		}
	}
	for key, v := range annotations {
		value := text(v)
		if key == seccompNote || strings.HasPrefix(key, seccompNotes) {
			errs = append(errs, seccompProfile(value, at.Child(key))...)
		}
		name, armored := strings.CutPrefix(key, appArmorNotes)
		if !armored {
			continue
		}
		if !slices.Contains(names, name) {
			errs = append(errs, field.Invalid(at.Key(key), name, "container not found"))
		}
		if value != "" && value != "runtime/default" && value != "unconfined" && !strings.HasPrefix(value, localhostPrefix) {
			errs = append(errs, field.Invalid(at.Key(key), value, fmt.Sprintf("invalid AppArmor profile name: %q", value)))
		}
	}
	return errs
}

// seccompProfile: a profile that is there, or a file of one.
func seccompProfile(value string, at *field.Path) field.ErrorList {
	if value == "runtime/default" || value == "docker/default" || value == "unconfined" {
		return nil
	}
	file, ok := strings.CutPrefix(value, localhostPrefix)
	if !ok {
		return field.ErrorList{field.Invalid(at, value, "must be a valid seccomp profile")}
	}
	var errs field.ErrorList
	for _, f := range formats["localpath"](file) {
		errs = append(errs, field.Invalid(at, file, f.Detail))
	}
	return errs
}
