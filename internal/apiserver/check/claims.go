package check

import "maps"

// withClaims returns an object with a template of pods as its controller will fill it in: the claims that it makes are volumes, in
// the place of those of the same names, and the names of hosts are its own.
func withClaims(obj map[string]any) map[string]any {
	pod := object(obj, "spec", "template", "spec")
	if pod == nil {
		return obj
	}
	var volumes []any
	claims := map[string]bool{}
	for _, c := range list(obj, "spec", "volumeClaimTemplates") {
		name := str(c, "metadata", "name")
		if !claims[name] {
			volumes = append(volumes, map[string]any{"name": name, "persistentVolumeClaim": map[string]any{"claimName": name}})
		}
		claims[name] = true
	}
	for _, v := range list(pod, "volumes") {
		if !claims[str(v, "name")] {
			volumes = append(volumes, v)
		}
	}
	pod = maps.Clone(pod)
	delete(pod, "hostname")
	delete(pod, "subdomain")
	if len(volumes) > 0 {
		pod["volumes"] = volumes
	}
	spec, template := maps.Clone(object(obj, "spec")), maps.Clone(object(obj, "spec", "template"))
	template["spec"], spec["template"] = pod, template
	out := maps.Clone(obj)
	out["spec"] = spec
	return out
}
