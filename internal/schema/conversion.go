package schema

// Converted does to an object of a native type what passing through the server's internal type leaves on it besides defaults.
// obj is changed in place.
func Converted(model string, obj map[string]any) {
	if f := conversions[model]; f != nil {
		f(obj)
	}
}

// conversions are by native type. That of a DaemonSet shows a counter in an annotation, which the internal type has a field
// for; it counts from nothing before the strategy sets it.
var conversions = map[string]func(obj map[string]any){
	apps + "DaemonSet": func(obj map[string]any) {
		set(made(made(obj, "metadata"), "annotations"), templateGeneration, "0")
	},
}

const templateGeneration = "deprecated.daemonset.template.generation"
