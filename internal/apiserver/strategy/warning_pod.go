package strategy

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// notes are warnings; those about a place begin with it.
type notes []string

func (n *notes) at(place *field.Path, format string, args ...any) {
	*n = append(*n, place.String()+": "+fmt.Sprintf(format, args...))
}

// podWarnings are those about a new pod; nobody is warned of what becomes of one.
func podWarnings(obj, old map[string]any) []string {
	if old != nil {
		return nil
	}
	var out notes
	out.named(obj, "this is used in the Pod's hostname")
	return append(out, podNotes(nil, obj)...)
}

// named warns of a name that is no label where pods and hosts are named after it.
func (n *notes) named(obj map[string]any, use string) {
	name, _ := Get(obj, Path{"metadata", "name"}).(string)
	if faults := validation.IsDNS1123Label(name); len(faults) > 0 {
		n.at(field.NewPath("metadata", "name"), use+", which can result in surprising behavior; a DNS label is recommended: %v", faults)
	}
}

// workloadWarnings are those about a template at a path, when it is new or the generation has moved. named says that the name
// of the object is one of pods too.
func workloadWarnings(path Path, named bool) func(obj, old map[string]any) []string {
	return func(obj, old map[string]any) []string {
		var out notes
		if old == nil && named {
			out.named(obj, "this is used in Pod names and hostnames")
		}
		if old == nil || Get(obj, Path{"metadata", "generation"}) != Get(old, Path{"metadata", "generation"}) {
			out = append(out, podNotes(field.NewPath(path[0], path[1:]...), structure(obj, path))...)
		}
		return out
	}
}

// structure is the structure at a path.
func structure(obj map[string]any, path Path) map[string]any {
	m, _ := Get(obj, path).(map[string]any)
	return m
}

// podNotes are the warnings of pkg/api/pod/warnings.go about a pod, at no place, or a template.
func podNotes(at *field.Path, pod map[string]any) []string {
	var out notes
	if pod == nil {
		return nil
	}
	spec := structure(pod, Path{"spec"})
	out.placement(spec, at.Child("spec"))
	out.annotations(pod, at)
	out.volumes(items(spec, Path{"volumes"}), at.Child("spec", "volumes"))
	out.paths(items(spec, Path{"volumes"}))
	out.twice(items(spec, Path{"hostAliases"}), "ip", at.Child("spec", "hostAliases"))
	out.twice(items(spec, Path{"imagePullSecrets"}), "name", at.Child("spec", "imagePullSecrets"))
	for i, secret := range items(spec, Path{"imagePullSecrets"}) {
		if name, _ := secret["name"].(string); name == "" {
			out.at(at.Child("spec", "imagePullSecrets").Index(i).Child("name"), "invalid empty name %q", "")
		}
	}
	out.fractions(structure(spec, Path{"overhead"}), at.Child("spec", "overhead"))
	containers := containersWithPath(spec, at.Child("spec"))
	for _, c := range containers {
		out.fractions(structure(c.obj, Path{"resources", "limits"}), c.at.Child("resources", "limits"))
		out.fractions(structure(c.obj, Path{"resources", "requests"}), c.at.Child("resources", "requests"))
		out.variables(items(c.obj, Path{"env"}), c.at.Child("env"))
	}
	out.ports(containers)
	if n, ok := spec["terminationGracePeriodSeconds"].(int64); ok && n < 0 {
		out.at(at.Child("spec", "terminationGracePeriodSeconds"), "must be >= 0; negative values are invalid and will be treated as 1")
	}
	out.affinity(spec, at.Child("spec", "affinity"))
	for i, server := range strs(spec, Path{"dnsConfig", "nameservers"}) {
		out.ip(at.Child("spec", "dnsConfig", "nameservers").Index(i), server)
	}
	for i, alias := range texts(items(spec, Path{"hostAliases"}), "ip") {
		out.ip(at.Child("spec", "hostAliases").Index(i).Child("ip"), alias)
	}
	return out
}

func strs(obj map[string]any, path Path) []string {
	list, _ := Get(obj, path).([]any)
	out := make([]string, len(list))
	for i := range list {
		out[i], _ = list[i].(string)
	}
	return out
}

type placedContainer struct {
	obj map[string]any
	at  *field.Path
}

func containersWithPath(spec map[string]any, at *field.Path) []placedContainer {
	var out []placedContainer
	for _, part := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for i, c := range items(spec, Path{part}) {
			out = append(out, placedContainer{c, at.Child(part).Index(i)})
		}
	}
	return out
}

func (n *notes) twice(list []map[string]any, key string, at *field.Path) {
	seen := map[string]bool{}
	for i, value := range texts(list, key) {
		if seen[value] {
			n.at(at.Index(i).Child(key), "duplicate %s %q", key, value)
		}
		seen[value] = true
	}
}

// fractions: bytes are counted whole.
func (n *notes) fractions(amounts map[string]any, at *field.Path) {
	for _, name := range []string{"memory", "ephemeral-storage"} {
		n.fraction(amounts[name], at.Key(name))
	}
}

func (n *notes) fraction(value any, at *field.Path) {
	text, _ := value.(string)
	if q, err := resource.ParseQuantity(text); err == nil && q.MilliValue()%1000 != 0 {
		n.at(at, "fractional byte value %q is invalid, must be an integer", q.String())
	}
}

// variables: a second definition that does not build on the first hides it.
func (n *notes) variables(env []map[string]any, at *field.Path) {
	seen := map[any]bool{}
	for i, e := range env {
		name, value := e["name"], fmt.Sprint(e["value"])
		ref := fmt.Sprintf("$(%v)", name)
		if seen[name] && (e["valueFrom"] != nil || value == ref || !strings.Contains(value, ref)) {
			n.at(at.Index(i), "hides previous definition of %q, which may be dropped when using apply", name)
		}
		seen[name] = true
	}
}

// ports: what is said of one port twice, and names that two have.
func (n *notes) ports(containers []placedContainer) {
	type port struct {
		at             *field.Path
		hostIP         string
		host           int64
		inside         int64
		name, protocol string
	}
	var all []port
	for _, c := range containers {
		for i, p := range items(c.obj, Path{"ports"}) {
			one := port{at: c.at.Child("ports").Index(i)}
			one.hostIP, _ = p["hostIP"].(string)
			one.host, _ = p["hostPort"].(int64)
			one.inside, _ = p["containerPort"].(int64)
			one.name, _ = p["name"].(string)
			one.protocol, _ = p["protocol"].(string)
			if one.hostIP != "" && one.host == 0 {
				n.at(one.at, "hostIP set without hostPort: {Name:%s HostPort:0 ContainerPort:%d Protocol:%s HostIP:%s}", one.name, one.inside, one.protocol, one.hostIP)
			}
			for _, other := range all {
				switch {
				case other.inside != one.inside || other.protocol != one.protocol:
				case one.hostIP == other.hostIP && one.host == other.host:
					n.at(one.at, "duplicate port definition with %s", other.at)
				case one.host == 0 || other.host == 0:
					n.at(one.at, "overlapping port definition with %s", other.at)
				case one.host == other.host && (one.hostIP == "") != (other.hostIP == ""):
					n.at(one.at, "dangerously ambiguous port definition with %s", other.at)
				}
			}
			all = append(all, one)
		}
	}
	names := map[string]*field.Path{}
	for _, p := range all {
		switch other := names[p.name]; {
		case p.name == "":
		case other != nil:
			n.at(p.at, "duplicate port name %q with %s, services and probes that select ports by name will use %s", p.name, other, other)
		default:
			names[p.name] = p.at
		}
	}
}
