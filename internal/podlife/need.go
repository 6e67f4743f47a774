package podlife

import corev1 "k8s.io/api/core/v1"

// A Need is a ConfigMap or Secret without which a container does not start.
type Need struct {
	Kind, Name string // Kind is "configmap" or "secret"
	Volume     bool   // mounted, rather than read into the environment
}

// Needs lists what a pod must find in its namespace before it starts. Optional references are left out.
func Needs(pod *corev1.Pod) []Need {
	var all []Need
	add := func(kind, name string, optional *bool, volume bool) {
		if name != "" && (optional == nil || !*optional) {
			all = append(all, Need{kind, name, volume})
		}
	}
	for _, v := range pod.Spec.Volumes {
		if v.ConfigMap != nil {
			add("configmap", v.ConfigMap.Name, v.ConfigMap.Optional, true)
		}
		if v.Secret != nil {
			add("secret", v.Secret.SecretName, v.Secret.Optional, true)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.ConfigMap != nil {
				add("configmap", source.ConfigMap.Name, source.ConfigMap.Optional, true)
			}
			if source.Secret != nil {
				add("secret", source.Secret.Name, source.Secret.Optional, true)
			}
		}
	}
	for _, c := range append(append([]corev1.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...) {
		for _, from := range c.EnvFrom {
			if from.ConfigMapRef != nil {
				add("configmap", from.ConfigMapRef.Name, from.ConfigMapRef.Optional, false)
			}
			if from.SecretRef != nil {
				add("secret", from.SecretRef.Name, from.SecretRef.Optional, false)
			}
		}
		for _, env := range c.Env {
			if env.ValueFrom == nil {
				continue
			}
			if ref := env.ValueFrom.ConfigMapKeyRef; ref != nil {
				add("configmap", ref.Name, ref.Optional, false)
			}
			if ref := env.ValueFrom.SecretKeyRef; ref != nil {
				add("secret", ref.Name, ref.Optional, false)
			}
		}
	}
	return all
}
