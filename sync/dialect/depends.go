package dialect

import (
	"fmt"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
)

// dependsOn reads references in the form of cli-utils: group/namespaces/namespace/kind/name, or group/kind/name for an object of the
// cluster, with commas between them. The core group is empty, so its references begin with a slash.
func (r *reader) dependsOn(key string) {
	value, ok := r.annotations[key]
	if !ok {
		return
	}
	var out []cluster.Ref
	seen := map[cluster.Ref]bool{}
	for _, text := range list(value) {
		ref, err := parseRef(text)
		switch {
		case err != nil:
			r.fault(key, value, err.Error())
			return
		case seen[ref]:
			r.fault(key, value, fmt.Sprintf("%q is there twice", text))
			return
		}
		seen[ref] = true
		out = append(out, ref)
	}
	if len(out) == 0 {
		r.fault(key, value, "it names no object")
	}
	r.out.DependsOn = out
}

func parseRef(text string) (cluster.Ref, error) {
	parts := strings.Split(text, "/")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
		if parts[i] == "" && i > 0 {
			return cluster.Ref{}, malformedRef(text)
		}
	}
	switch {
	case len(parts) == 3:
		return cluster.Ref{Group: parts[0], Kind: parts[1], Name: parts[2]}, nil
	case len(parts) == 5 && parts[1] == "namespaces":
		return cluster.Ref{Group: parts[0], Namespace: parts[2], Kind: parts[3], Name: parts[4]}, nil
	}
	return cluster.Ref{}, malformedRef(text)
}

func malformedRef(text string) error {
	return fmt.Errorf("%q should be group/namespaces/namespace/kind/name or group/kind/name", text)
}
