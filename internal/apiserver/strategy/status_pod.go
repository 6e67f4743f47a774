package strategy

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// podStatus is what the status of a pod is held to; ValidatePodStatusUpdate in pkg/apis/core/validation of Kubernetes v1.37.1.
var podStatus = []check{podConditions, podNomination, podQuality, containersEnd, claimsOfPod, podAddresses, containerUsers, containerDevices}

// The parts of the status that tell of containers, with where the spec has them.
var containerStatuses = []struct{ statuses, containers string }{
	{"containerStatuses", "containers"}, {"initContainerStatuses", "initContainers"}, {"ephemeralContainerStatuses", ""},
}

// podConditions: qualified names but for those of the system, seen at a generation that there may be.
func podConditions(obj, _ map[string]any) field.ErrorList {
	var errs field.ErrorList
	seen := func(n any, at *field.Path) {
		if n, ok := n.(int64); ok && n < 0 {
			errs = append(errs, field.Invalid(at.Child("observedGeneration"), n, "must be a non-negative integer"))
		}
	}
	seen(Get(obj, Path{"status", "observedGeneration"}), field.NewPath("status"))
	for i, c := range items(obj, Path{"status", "conditions"}) {
		at := field.NewPath("status", "conditions").Index(i)
		seen(c["observedGeneration"], at)
		name, _ := c["type"].(string)
		if slices.Contains([]string{"PodScheduled", "Ready", "Initialized"}, name) {
			continue
		}
		for _, message := range utilvalidation.IsQualifiedName(name) {
			errs = append(errs, field.Invalid(at.Child("Type"), name, message))
		}
	}
	return errs
}

// podNomination: a node is nominated for a pod that has none, by a name that a node may have.
func podNomination(obj, old map[string]any) field.ErrorList {
	path := Path{"status", "nominatedNodeName"}
	name, _ := Get(obj, path).(string)
	if was, _ := Get(old, path).(string); name == "" || name == was {
		return nil
	}
	var errs field.ErrorList
	at := field.NewPath(path[0], path[1:]...)
	for _, message := range validation.NameIsDNSSubdomain(name, false) {
		errs = append(errs, field.Invalid(at, name, message))
	}
	if node, _ := Get(old, Path{"spec", "nodeName"}).(string); node != "" {
		errs = append(errs, field.Forbidden(at, "may not be set on pods that are already bound to a node"))
	}
	return errs
}

// podQuality: the quality of service is that of the beginning.
func podQuality(obj, old map[string]any) field.ErrorList {
	path := Path{"status", "qosClass"}
	return validation.ValidateImmutableField(Get(obj, path), Get(old, path), field.NewPath(path[0], path[1:]...))
}

// containersEnd: a container that has ended stays so, unless it is to be started again.
func containersEnd(obj, old map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, part := range containerStatuses {
		if part.containers != "" && allRestart(old) {
			continue
		}
		for i, was := range items(old, Path{"status", part.statuses}) {
			ended, _ := Get(was, Path{"state", "terminated"}).(map[string]any)
			if ended == nil {
				continue
			}
			code, _ := ended["exitCode"].(int64)
			for _, is := range items(obj, Path{"status", part.statuses}) {
				if is["name"] != was["name"] || Get(is, Path{"state", "terminated"}) != nil {
					continue
				}
				if part.containers == "" || !restarts(old, part.containers, is["name"], code) {
					errs = append(errs, field.Forbidden(field.NewPath("status", part.statuses).Index(i).Child("state"), "may not be transitioned to non-terminated state"))
				}
				if part.containers != "" {
					break
				}
			}
		}
	}
	return errs
}

// allRestart says that a container of the pod may have all of them started again.
func allRestart(pod map[string]any) bool {
	for _, part := range []string{"initContainers", "containers"} {
		for _, c := range items(pod, Path{"spec", part}) {
			for _, rule := range items(c, Path{"restartPolicyRules"}) {
				if rule["action"] == "RestartAllContainers" {
					return true
				}
			}
		}
	}
	return false
}

// restarts says whether a container that ended with a code is started again: by its rules, its own policy, or that of the pod.
func restarts(pod map[string]any, part string, name any, code int64) bool {
	all := items(pod, Path{"spec", part})
	i := slices.IndexFunc(all, func(c map[string]any) bool { return c["name"] == name })
	if i < 0 {
		return false
	}
	policy := func(p any) bool { return p == "Always" || p == "OnFailure" && code != 0 }
	own, ok := all[i]["restartPolicy"]
	if !ok {
		return policy(Get(pod, Path{"spec", "restartPolicy"}))
	}
	for _, rule := range items(all[i], Path{"restartPolicyRules"}) {
		codes, _ := Get(rule, Path{"exitCodes", "values"}).([]any)
		if operator := Get(rule, Path{"exitCodes", "operator"}); (operator == "In") == slices.Contains(codes, any(code)) && operator != nil {
			return true
		}
	}
	return policy(own)
}

// claimsOfPod: of the claims that the pod has, each once.
func claimsOfPod(obj, _ map[string]any) field.ErrorList {
	var errs field.ErrorList
	known := texts(items(obj, Path{"spec", "resourceClaims"}), "name")
	taken := map[string]bool{}
	for i, s := range items(obj, Path{"status", "resourceClaimStatuses"}) {
		at := field.NewPath("status", "resourceClaimStatuses").Index(i)
		name, _ := s["name"].(string)
		if !slices.Contains(known, name) {
			errs = append(errs, field.Invalid(at.Child("name"), name, "must match the name of an entry in `spec.resourceClaims`"))
		}
		if taken[name] {
			errs = append(errs, field.Duplicate(at.Child("name"), name))
		}
		taken[name] = true
		if claim, ok := s["resourceClaimName"].(string); ok {
			for _, message := range validation.NameIsDNSSubdomain(claim, false) {
				errs = append(errs, field.Invalid(at.Child("resourceClaimName"), claim, message))
			}
		}
	}
	return errs
}

// podAddresses: one of each family, the first of them the address.
func podAddresses(obj, old map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, part := range []struct{ one, all string }{{"podIP", "podIPs"}, {"hostIP", "hostIPs"}} {
		at := field.NewPath("status", part.all)
		one, _ := Get(obj, Path{"status", part.one}).(string)
		all, before := texts(items(obj, Path{"status", part.all}), "ip"), texts(items(old, Path{"status", part.all}), "ip")
		list, six := make([]struct{ IP string }, len(all)), 0 // as the server shows it
		for i, ip := range all {
			errs = append(errs, address(at.Index(i), ip, before)...)
			list[i].IP = ip
			if strings.Contains(ip, ":") {
				six++
			}
		}
		if len(all) > 2 || len(all) == 2 && six != 1 {
			errs = append(errs, field.Invalid(at, list, "may specify no more than one IP for each IP family"))
		}
		switch {
		case part.one == "podIP" && (one != "") != (len(all) > 0):
			errs = append(errs, field.Invalid(at, list, "podIP and podIPs must either both be set or both be unset"))
		case len(all) > 0 && all[0] != one:
			errs = append(errs, field.Invalid(at.Index(0).Child("ip"), all[0], "must be equal to `"+part.one+"`"))
		}
	}
	return errs
}

// containerUsers: users and groups that there may be on Linux, and none of its on Windows.
func containerUsers(obj, _ map[string]any) field.ErrorList {
	var errs field.ErrorList
	windows := Get(obj, Path{"spec", "os", "name"}) == "windows"
	for _, part := range containerStatuses {
		for i, s := range items(obj, Path{"status", part.statuses}) {
			user, _ := Get(s, Path{"user", "linux"}).(map[string]any)
			if user == nil {
				continue
			}
			at := field.NewPath("status", part.statuses).Index(i).Child("user", "linux")
			if windows {
				errs = append(errs, field.Forbidden(at, "cannot be set for a windows pod"))
				continue
			}
			if uid, _ := user["uid"].(int64); uid < 0 || uid > math.MaxUint32 {
				errs = append(errs, field.Invalid(at.Child("uid"), uid, fmt.Sprintf("must be between 0 and %d, inclusive", int64(math.MaxUint32))))
			}
			group := func(n any, at *field.Path) {
				gid, _ := n.(int64)
				for _, message := range utilvalidation.IsValidGroupID(gid) {
					errs = append(errs, field.Invalid(at, gid, message))
				}
			}
			group(user["gid"], at.Child("gid"))
			more, _ := user["supplementalGroups"].([]any)
			for j, g := range more {
				group(g, at.Child("supplementalGroups").Index(j))
			}
		}
	}
	return errs
}

// longestHealthMessage is how long what is said of a device's health may be.
const longestHealthMessage = 1024

// containerDevices: of what the container has asked for, each once, with a health that there is.
func containerDevices(obj, _ map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, part := range containerStatuses {
		for i, s := range items(obj, Path{"status", part.statuses}) {
			at := field.NewPath("status", part.statuses).Index(i).Child("allocatedResourcesStatus")
			devices := items(s, Path{"allocatedResourcesStatus"})
			if part.containers == "" {
				if len(devices) > 0 {
					errs = append(errs, field.Forbidden(at, "must not be specified in container status"))
				}
				continue
			}
			containers := items(obj, Path{"spec", part.containers})
			c := slices.IndexFunc(containers, func(c map[string]any) bool { return c["name"] == s["name"] })
			for j, device := range devices {
				if c >= 0 {
					errs = append(errs, deviceOf(device, containers[c], at.Index(j).Child("name"))...)
				}
				errs = append(errs, deviceHealth(device, at.Index(j).Child("resources"))...)
			}
		}
	}
	return errs
}

func deviceOf(device, container map[string]any, at *field.Path) field.ErrorList {
	name, _ := device["name"].(string)
	claim, isClaim := strings.CutPrefix(name, "claim:")
	if !isClaim {
		requests, _ := Get(container, Path{"resources", "requests"}).(map[string]any)
		if _, ok := requests[name]; ok {
			return nil
		}
		return field.ErrorList{field.Invalid(at, name, "must match one of the container's resource requests")}
	}
	for _, c := range items(container, Path{"resources", "claims"}) {
		own, _ := c["name"].(string)
		if request, _ := c["request"].(string); request != "" {
			own += "/" + request
		}
		if own == claim {
			return nil
		}
	}
	return field.ErrorList{field.Invalid(at, name, "must match one of the container's resource claims as 'claim:<claimName>/<requestName>' when "+
		"container.resources.claims[*].request is set or 'claim:<claimName>' when it is empty")}
}

func deviceHealth(device map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[any]bool{}
	for i, r := range items(device, Path{"resources"}) {
		health, _ := r["health"].(string)
		if allowed := []string{"Healthy", "Unhealthy", "Unknown"}; !slices.Contains(allowed, health) {
			errs = append(errs, field.NotSupported(at.Index(i).Child("health"), health, allowed))
		}
		if message, ok := r["message"].(string); ok && message == "" {
			errs = append(errs, field.Required(at.Index(i).Child("message"), "must be non-empty if specified"))
		} else if len(message) > longestHealthMessage {
			errs = append(errs, field.TooLong(at.Index(i).Child("message"), message, longestHealthMessage))
		}
		if id := r["resourceID"]; seen[id] {
			errs = append(errs, field.Duplicate(at.Index(i).Child("resourceID"), id))
		}
		seen[r["resourceID"]] = true
	}
	return errs
}
