package strategy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

type check = func(obj, old map[string]any) field.ErrorList

// workload checks a selector against its template, and the template. word is what the real server calls the kind.
func workload(word string) []check {
	return []check{func(obj, _ map[string]any) field.ErrorList {
		selector, _ := Get(obj, Path{"spec", "selector"}).(map[string]any)
		if selector != nil && isEmpty(selector["matchLabels"]) && isEmpty(selector["matchExpressions"]) {
			return field.ErrorList{field.Invalid(field.NewPath("spec", "selector"), selector, "empty selector is invalid for "+word)}
		}
		return nil
	}, replicaCount, selectorMatches, templateContainers}
}

// recreated allows no parameters of a rolling update where there is none.
func recreated(obj, _ map[string]any) field.ErrorList {
	at := Path{"spec", "strategy", "rollingUpdate"}
	if Get(obj, Path{"spec", "strategy", "type"}) != "Recreate" || Get(obj, at) == nil {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath(at[0], at[1:]...), "may not be specified when strategy `type` is 'Recreate'")}
}

// replicaCount checks that there are not less than none.
func replicaCount(obj, _ map[string]any) field.ErrorList {
	if n, _ := Get(obj, Path{"spec", "replicas"}).(int64); n < 0 {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "replicas"), n, "must be greater than or equal to 0")}
	}
	return nil
}

// selectorMatches holds a selector to being there and to choosing what the template makes.
func selectorMatches(obj, _ map[string]any) field.ErrorList {
	where := field.NewPath("spec", "selector")
	var errs field.ErrorList
	raw, _ := Get(obj, Path{"spec", "selector"}).(map[string]any)
	parsed := labels.Nothing()
	if raw == nil {
		errs = append(errs, field.Required(where, ""))
	} else {
		var selector metav1.LabelSelector
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &selector); err != nil {
			return field.ErrorList{field.Invalid(where, raw, err.Error())}
		}
		var err error
		if parsed, err = metav1.LabelSelectorAsSelector(&selector); err != nil {
			return field.ErrorList{field.Invalid(where, raw, "invalid label selector")}
		}
	}
	set := labels.Set{}
	template, _ := Get(obj, Path{"spec", "template", "metadata", "labels"}).(map[string]any)
	for k, v := range template {
		set[k], _ = v.(string)
	}
	if !parsed.Empty() && !parsed.Matches(set) {
		errs = append(errs, field.Invalid(field.NewPath("spec", "template", "metadata", "labels"), template,
			"`selector` does not match template `labels`"))
	}
	return errs
}

// templateLabels checks the labels that pods will have.
func templateLabels(obj map[string]any) field.ErrorList {
	set, _ := Get(obj, Path{"spec", "template", "metadata", "labels"}).(map[string]any)
	text := map[string]string{}
	for k, v := range set {
		text[k], _ = v.(string)
	}
	return validation.ValidateLabels(text, field.NewPath("spec", "template", "labels"))
}

func templateContainers(obj, _ map[string]any) field.ErrorList {
	spec, _ := Get(obj, Path{"spec", "template", "spec"}).(map[string]any)
	errs := containers(withClaims(spec, obj), field.NewPath("spec", "template", "spec"))
	errs = append(errs, templateLabels(obj)...)
	if policy := spec["restartPolicy"]; policy != nil && policy != "Always" {
		errs = append(errs, field.NotSupported(field.NewPath("spec", "template", "spec", "restartPolicy"), policy, []string{"Always"}))
	}
	return errs
}

// withClaims returns a template with the claims of its owner as volumes, which they are to the containers.
func withClaims(spec, obj map[string]any) map[string]any {
	claims, _ := Get(obj, Path{"spec", "volumeClaimTemplates"}).([]any)
	if len(claims) == 0 {
		return spec
	}
	out := maps.Clone(spec)
	volumes, _ := spec["volumes"].([]any)
	volumes = slices.Clone(volumes)
	for _, c := range claims {
		c, _ := c.(map[string]any)
		volumes = append(volumes, map[string]any{"name": Get(c, Path{"metadata", "name"})})
	}
	out["volumes"] = volumes
	return out
}

func jobTemplate(obj, _ map[string]any) field.ErrorList {
	spec, _ := Get(obj, Path{"spec", "template", "spec"}).(map[string]any)
	errs := containers(spec, field.NewPath("spec", "template", "spec"))
	errs = append(errs, templateLabels(obj)...)
	if policy := spec["restartPolicy"]; policy != "OnFailure" && policy != "Never" {
		errs = append(errs, field.Required(field.NewPath("spec", "template", "spec", "restartPolicy"),
			`valid values: "OnFailure", "Never"`))
	}
	return errs
}

func podTemplateAt(at string) check {
	return func(obj, _ map[string]any) field.ErrorList {
		spec, _ := obj[at].(map[string]any)
		return containers(spec, field.NewPath(at))
	}
}

// containers checks that there are some, and that each has a name of its own and an image.
func containers(spec map[string]any, where *field.Path) field.ErrorList {
	var errs field.ErrorList
	if list, _ := spec["containers"].([]any); len(list) == 0 {
		errs = append(errs, field.Required(where.Child("containers"), ""))
	}
	seen := map[string]bool{}
	for _, part := range []string{"containers", "initContainers"} {
		list, _ := spec[part].([]any)
		for i, c := range list {
			c, _ := c.(map[string]any)
			errs = append(errs, container(c, spec, where.Child(part).Index(i), seen)...)
		}
	}
	return errs
}

// container checks one container. seen holds the names of those before it.
func container(c, spec map[string]any, at *field.Path, seen map[string]bool) field.ErrorList {
	var errs field.ErrorList
	name, _ := c["name"].(string)
	switch {
	case name == "":
		errs = append(errs, field.Required(at.Child("name"), ""))
	case seen[name]:
		errs = append(errs, field.Duplicate(at.Child("name"), name))
	default:
		for _, fault := range DNSLabel(name, false) {
			errs = append(errs, field.Invalid(at.Child("name"), name, fault))
		}
	}
	seen[name] = true
	if image, _ := c["image"].(string); image == "" {
		errs = append(errs, field.Required(at.Child("image"), ""))
	}
	errs = append(errs, requests(c, at.Child("resources"))...)
	errs = append(errs, probes(c, at)...)
	return append(errs, mounts(c, spec, at.Child("volumeMounts"))...)
}

// probes checks that each probe says how to probe.
func probes(container map[string]any, where *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		probe, ok := container[name].(map[string]any)
		if !ok {
			continue
		}
		if probe["exec"] == nil && probe["httpGet"] == nil && probe["tcpSocket"] == nil && probe["grpc"] == nil {
			errs = append(errs, field.Required(where.Child(name), "must specify a handler type"))
		}
		for _, handler := range []string{"httpGet", "tcpSocket"} {
			port, ok := Get(probe, Path{handler, "port"}).(int64)
			if ok && (port < 1 || port > 65535) {
				errs = append(errs, field.Invalid(where.Child(name, handler, "port"), port, "must be between 1 and 65535, inclusive"))
			}
		}
	}
	return errs
}

// mounts checks that a container mounts volumes that its pod has.
func mounts(container, spec map[string]any, where *field.Path) field.ErrorList {
	var errs field.ErrorList
	volumes, _ := spec["volumes"].([]any)
	list, _ := container["volumeMounts"].([]any)
	for i, m := range list {
		m, _ := m.(map[string]any)
		known := slices.ContainsFunc(volumes, func(v any) bool {
			volume, _ := v.(map[string]any)
			return volume["name"] == m["name"]
		})
		if name, _ := m["name"].(string); !known && name != "" {
			errs = append(errs, field.NotFound(where.Index(i).Child("name"), name))
		}
	}
	return errs
}

// requests checks that no container asks for more than it may have.
func requests(container map[string]any, where *field.Path) field.ErrorList {
	var errs field.ErrorList
	asked, _ := Get(container, Path{"resources", "requests"}).(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if Get(container, Path{"resources", "limits", name}) == nil {
			continue
		}
		request, limit := amount(container, "requests", name), amount(container, "limits", name)
		if request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(where.Child("requests"), request.String(),
				fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	return errs
}

// templateGeneration keeps the deprecated counter of a DaemonSet's template, which shows in an annotation.
func templateGeneration(obj, old map[string]any, _ Env) field.ErrorList {
	const key = "deprecated.daemonset.template.generation"
	generation := int64(1)
	if old != nil {
		was, _ := Get(old, Path{"metadata", "annotations", key}).(string)
		if _, err := fmt.Sscan(was, &generation); err != nil {
			generation = 1
		}
		if !reflect.DeepEqual(Get(obj, Path{"spec", "template"}), Get(old, Path{"spec", "template"})) {
			generation++
		}
	}
	Put(obj, Path{"metadata", "annotations", key}, fmt.Sprint(generation))
	return nil
}

// jobSelector gives a job that brings no selector one of its own, with the labels that its pods will carry.
func jobSelector(obj, old map[string]any, _ Env) field.ErrorList {
	if old != nil || Get(obj, Path{"spec", "manualSelector"}) == true {
		return nil
	}
	uid, _ := Get(obj, Path{"metadata", "uid"}).(string)
	name, _ := Get(obj, Path{"metadata", "name"}).(string)
	for key, value := range map[string]string{
		"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid,
		"batch.kubernetes.io/job-name": name, "job-name": name,
	} {
		path := Path{"spec", "template", "metadata", "labels", key}
		if Get(obj, path) == nil {
			Put(obj, path, value)
		}
	}
	if Get(obj, Path{"spec", "selector"}) == nil {
		Put(obj, Path{"spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"}, uid)
	}
	return nil
}
