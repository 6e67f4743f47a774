package schema

const core = "io.k8s.api.core.v1."

// podConditions are those of pods and what is in them.
var podConditions = []Condition{
	{
		Name: "imagePullPolicy by tag", Types: []string{core + "Container", core + "EphemeralContainer"},
		Decides: []string{core + "Container.imagePullPolicy", core + "EphemeralContainer.imagePullPolicy"},
		Fill: func(container map[string]any) {
			image, _ := container["image"].(string)
			set(container, "imagePullPolicy", pullPolicy(image))
		},
	},
	{
		Name: "pullPolicy of a volume by tag", Types: []string{core + "ImageVolumeSource"},
		Decides: []string{core + "ImageVolumeSource.pullPolicy"},
		Fill: func(volume map[string]any) {
			image, _ := volume["reference"].(string)
			set(volume, "pullPolicy", pullPolicy(image))
		},
	},
	{
		Name: "emptyDir of a volume without a source", Types: []string{core + "Volume"}, Decides: []string{core + "Volume.emptyDir"},
		Fill: func(volume map[string]any) {
			for field := range volume {
				if field != "name" {
					return
				}
			}
			volume["emptyDir"] = map[string]any{}
		},
	},
	{
		Name: "serviceAccountName and its old name", Types: []string{core + "PodSpec"},
		Fill: func(spec map[string]any) {
			if !absent(spec, "serviceAccountName") {
				spec["serviceAccount"] = spec["serviceAccountName"]
			} else if !absent(spec, "serviceAccount") {
				spec["serviceAccountName"] = spec["serviceAccount"]
			}
		},
	},
	{
		// A template has none of the defaults of a Pod that are not those of its specification.
		Name: "enableServiceLinks of a Pod", Types: []string{core + "Pod"}, Decides: []string{core + "PodSpec.enableServiceLinks"},
		Fill: func(pod map[string]any) { set(made(pod, "spec"), "enableServiceLinks", true) },
	},
	{
		Name: "a negative grace period is a second", Types: []string{core + "Pod"},
		Fill: func(pod map[string]any) {
			spec := object(pod, "spec")
			if s, ok := spec["terminationGracePeriodSeconds"].(int64); ok && s < 0 {
				spec["terminationGracePeriodSeconds"] = int64(1)
			}
		},
	},
	{
		Name: "requests from limits", Types: []string{core + "Pod"},
		Fill: func(pod map[string]any) {
			eachContainer(pod, func(c map[string]any) {
				limits := object(object(c, "resources"), "limits")
				if limits == nil {
					return
				}
				requests := made(object(c, "resources"), "requests")
				for name, limit := range limits {
					set(requests, name, limit)
				}
			})
		},
	},
	{
		Name: "hostPort in the host's network", Types: []string{core + "Pod"},
		Fill: func(pod map[string]any) {
			if object(pod, "spec")["hostNetwork"] != true {
				return
			}
			eachContainer(pod, func(c map[string]any) {
				for _, port := range items(c, "ports") {
					if n, ok := port["containerPort"]; ok {
						set(port, "hostPort", n)
					}
				}
			})
		},
	},
	{
		Name: "podIP and podIPs", Types: []string{core + "PodStatus"},
		Fill: func(status map[string]any) {
			ips := items(status, "podIPs")
			switch {
			case !absent(status, "podIP"):
				if len(ips) == 0 || ips[0]["ip"] != status["podIP"] {
					status["podIPs"] = []any{map[string]any{"ip": status["podIP"]}}
				}
			case len(ips) > 0 && !absent(ips[0], "ip"):
				status["podIP"] = ips[0]["ip"]
			}
		},
	},
}

func eachContainer(pod map[string]any, do func(c map[string]any)) {
	for _, field := range []string{"containers", "initContainers"} {
		for _, c := range items(object(pod, "spec"), field) {
			do(c)
		}
	}
}
