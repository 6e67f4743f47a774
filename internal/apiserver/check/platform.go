package check

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// What a pod for Windows cannot have, of its own and in its containers.
var (
	notOnWindows = []string{
		"appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls", "runAsUser", "runAsGroup",
		"supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
	}
	notInWindows = []string{
		"appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
		"allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
	}
)

// platform: nothing of one operating system in a pod for the other.
func platform(spec map[string]any, all []container, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	context, where := object(spec, "securityContext"), at.Child("securityContext")
	switch str(spec, "os", "name") {
	case "linux":
		const detail = "windows options cannot be set for a linux pod"
		if context["windowsOptions"] != nil {
			errs = append(errs, field.Forbidden(where.Child("windowsOptions"), detail))
		}
		for _, c := range all {
			if get(c.obj, "securityContext", "windowsOptions") != nil {
				errs = append(errs, field.Forbidden(c.at.Child("securityContext", "windowsOptions"), detail))
			}
		}
	case "windows":
		const detail = "cannot be set for a windows pod"
		if spec["resources"] != nil {
			errs = append(errs, field.Forbidden(at.Child("resources"), "may not be set for a windows pod"))
		}
		for _, name := range present(context, notOnWindows...) {
			if !isZero(context[name]) || name != "sysctls" {
				errs = append(errs, field.Forbidden(where.Child(name), detail))
			}
		}
		for _, name := range present(spec, "hostUsers", "hostPID", "hostIPC", "shareProcessNamespace") {
			if spec[name] == true || name == "hostUsers" || name == "shareProcessNamespace" {
				errs = append(errs, field.Forbidden(at.Child(name), detail))
			}
		}
		for _, c := range all {
			for _, name := range present(object(c.obj, "securityContext"), notInWindows...) {
				errs = append(errs, field.Forbidden(c.at.Child("securityContext", name), detail))
			}
		}
	}
	return errs
}

// hostProcesses: all containers are processes of the host or none is, and the host's processes are in its network.
func hostProcesses(spec map[string]any, all []container, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	common, said := get(spec, "securityContext", "windowsOptions", "hostProcess").(bool)
	processes := 0
	for _, c := range all {
		own, set := get(c.obj, "securityContext", "windowsOptions", "hostProcess").(bool)
		if set && said && own != common {
			errs = append(errs, field.Invalid(c.at.Child("securityContext", "windowsOptions", "hostProcess"), own,
				fmt.Sprintf("pod hostProcess value must be identical if both are specified, was %v", common)))
		}
		if own || !set && common {
			processes++
		}
	}
	if processes == 0 {
		return errs
	}
	if processes != len(all) {
		errs = append(errs, field.Invalid(at, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers"))
	}
	if get(spec, "hostNetwork") != true {
		errs = append(errs, field.Invalid(at.Child("hostNetwork"), false, "hostNetwork must be true if pod contains any hostProcess containers"))
	}
	return errs
}

// hostUsers: a pod with users of its own shares nothing else with the host, and hides what the kernel shows only where it has
// such.
func hostUsers(spec map[string]any, all []container, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	const detail = "when `hostUsers` is false"
	if spec["hostUsers"] != false {
		for _, c := range all {
			if get(c.obj, "securityContext", "procMount") == "Unmasked" {
				errs = append(errs, field.Invalid(c.at.Child("securityContext", "procMount"), "Unmasked", "`hostUsers` must be false to use `Unmasked`"))
			}
		}
		return errs
	}
	for name, shown := range map[string]string{"hostNetwork": "hostNetwork", "hostPID": "HostPID", "hostIPC": "HostIPC"} {
		if spec[name] == true {
			errs = append(errs, field.Forbidden(at.Child(shown), detail))
		}
	}
	for _, c := range all {
		if len(list(c.obj, "volumeDevices")) > 0 {
			errs = append(errs, field.Forbidden(c.at.Child("volumeDevices"), detail))
		}
	}
	return errs
}

// hostSysctls: a parameter of what the pod shares with the host is the host's to set.
func hostSysctls(spec map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, s := range list(spec, "securityContext", "sysctls") {
		name := str(s, "name")
		dotted := strings.ReplaceAll(name, "/", ".")
		where := at.Child("securityContext", "sysctls").Index(i).Child("name")
		between := dotted == "kernel.sem" || strings.HasPrefix(dotted, "kernel.shm") || strings.HasPrefix(dotted, "kernel.msg") || strings.HasPrefix(dotted, "fs.mqueue.")
		switch {
		case spec["hostNetwork"] == true && strings.HasPrefix(dotted, "net."):
			errs = append(errs, field.Invalid(where, name, "may not be specified when 'hostNetwork' is true"))
		case spec["hostIPC"] == true && between:
			errs = append(errs, field.Invalid(where, name, "may not be specified when 'hostIPC' is true"))
		}
	}
	return errs
}

// hostname: one that is given in place of the pod's is short enough for the kernel, and nobody else's.
func hostname(spec map[string]any, at *field.Path) field.ErrorList {
	name, ok := spec["hostnameOverride"].(string)
	if !ok {
		return nil
	}
	var errs field.ErrorList
	where := at.Child("hostnameOverride")
	if spec["setHostnameAsFQDN"] == true {
		errs = append(errs, field.Forbidden(where, "may not be specified when setHostnameAsFQDN is true"))
	}
	if spec["hostNetwork"] == true {
		errs = append(errs, field.Forbidden(where, "may not be specified when hostNetwork is true"))
	}
	if len(name) > 64 {
		errs = append(errs, field.TooLong(where, "", 64))
	}
	for _, f := range formats["subdomain"](name) {
		errs = append(errs, field.Invalid(where, name, f.Detail))
	}
	return errs
}
