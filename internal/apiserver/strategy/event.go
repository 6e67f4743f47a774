package strategy

// eventNames are the fields of an event that are called differently in events.k8s.io/v1 and in v1.
var eventNames = map[string]string{
	"regarding":                "involvedObject",
	"note":                     "message",
	"deprecatedSource":         "source",
	"deprecatedFirstTimestamp": "firstTimestamp",
	"deprecatedLastTimestamp":  "lastTimestamp",
	"deprecatedCount":          "count",
	"reportingController":      "reportingComponent",
}

// storeEvent makes a v1 Event of one of events.k8s.io/v1.
func storeEvent(obj map[string]any) error {
	for later, earlier := range eventNames {
		rename(obj, later, earlier)
	}
	return nil
}

// showEvent is the reverse of storeEvent.
func showEvent(obj map[string]any) error {
	for later, earlier := range eventNames {
		rename(obj, earlier, later)
	}
	return nil
}

// referenceFields are the fields of a reference to an object.
var referenceFields = []string{"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"}

func below(parent string, names []string) []Path {
	out := make([]Path, len(names))
	for i, name := range names {
		out[i] = Path{parent, name}
	}
	return out
}

// eventSource is who reported an event, in either of the two ways to say so.
func eventSource(obj map[string]any) string {
	if component, _ := Get(obj, Path{"source", "component"}).(string); component != "" {
		return component
	}
	controller, _ := obj["reportingComponent"].(string)
	return controller
}

func rename(obj map[string]any, from, to string) {
	if value, ok := obj[from]; ok {
		delete(obj, from)
		obj[to] = value
	}
}
