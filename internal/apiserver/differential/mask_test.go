package differential_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// masked returns an answer without what must differ between two servers: identities, versions, times, and values that a
// server draws.
func masked(r reply) map[string]any {
	out := maskObject(runtime.DeepCopyJSON(r.body))
	if meta, ok := out["metadata"].(map[string]any); ok && len(meta) == 0 && out["kind"] != "Status" {
		// The answer to a deletion that was only tried is an empty object, in which kube-apiserver shows what its internal type holds.
		out = map[string]any{"apiVersion": out["apiVersion"], "kind": out["kind"]}
	}
	if items, ok := out["items"].([]any); ok {
		for i, item := range items {
			if item, ok := item.(map[string]any); ok {
				items[i] = maskObject(item)
			}
		}
	}
	if len(r.warnings) > 0 {
		warnings := make([]any, len(r.warnings))
		for i, w := range slices.Sorted(slices.Values(r.warnings)) {
			warnings[i] = w
		}
		out["(warnings)"] = warnings
	}
	return out
}

var (
	// wholeObject is an object in a message, with all that a server chose.
	wholeObject = regexp.MustCompile(`is missing in '\{.*\}'`)
	// drawnName is the end of a name that the server has drawn.
	drawnName = regexp.MustCompile(`(drawn-|kube-api-access-)[a-z0-9]{5}\b`)
	// recordVersion is the version of a stored object in a message.
	recordVersion = regexp.MustCompile(`(ResourceVersion in (?:object meta:|precondition:|precondition|record|the precondition)|resource version:?) \(?"?\d+"?\)?( \(\d+\))?`)
	// anyUID is an identity in a message.
	anyUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	// frozenValue is what was sent for a field that is immutable. Which of its checks sees it first is kube-apiserver's chance.
	frozenValue = regexp.MustCompile(`Invalid value: [^:]*: field is immutable`)
	// storageKey is where a server keeps an object.
	storageKey = regexp.MustCompile(`Key: \S+,`)
	// anyTime is a time in a message.
	anyTime = regexp.MustCompile(`20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4} [A-Z]+|Z)?`)
	// wholeValue is a structure in a message, which the real server writes in its internal form.
	wholeValue = regexp.MustCompile(`Invalid value: ("?(\{|map\[|\[)).*[}\]]"?: `)
)

func maskObject(out map[string]any) map[string]any {
	uid, _, _ := unstructured.NestedString(out, "metadata", "uid")
	maskMeta(out)
	for _, pointer := range []string{"/status/lastPhaseTransitionTime", "/spec/clusterIP", "/spec/clusterIPs/0", "/spec/healthCheckNodePort"} {
		if v, ok := at(out, pointer); ok && v != "None" && v != "" {
			setAt(out, pointer, "*")
		}
	}
	if ports, ok := at(out, "/spec/ports"); ok {
		list, _ := ports.([]any)
		for _, p := range list {
			if p, ok := p.(map[string]any); ok && p["nodePort"] != nil {
				p["nodePort"] = "*"
			}
		}
	}
	_, defines := at(out, "/spec/names/plural")
	if conditions, ok := at(out, "/status/conditions"); ok && defines {
		list, _ := conditions.([]any)
		for _, c := range list {
			if c, _ := c.(map[string]any); c["lastTransitionTime"] != nil {
				c["lastTransitionTime"] = "*"
			}
		}
	}
	if owned, ok := at(out, "/metadata/managedFields"); ok && defines {
		forgetKey(owned, "f:lastTransitionTime") // owned if a second has passed meanwhile
	}
	if out["kind"] == "Status" {
		maskStatus(out)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	if uid != "" {
		raw = bytes.ReplaceAll(raw, []byte(uid), []byte("*"))
	}
	raw = drawnName.ReplaceAll(raw, []byte("$1*"))
	var again map[string]any
	if err := json.Unmarshal(raw, &again); err != nil {
		panic(err)
	}
	return again
}

// forgetKey drops a key wherever it stands.
func forgetKey(value any, key string) {
	switch v := value.(type) {
	case map[string]any:
		delete(v, key)
		for _, item := range v {
			forgetKey(item, key)
		}
	case []any:
		for _, item := range v {
			forgetKey(item, key)
		}
	}
}

func maskMeta(out map[string]any) {
	meta, ok := out["metadata"].(map[string]any)
	if !ok {
		return
	}
	for _, k := range []string{"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "continue"} {
		if meta[k] != nil && meta[k] != "" {
			meta[k] = "*"
		}
	}
	if finalizers, _ := meta["finalizers"].([]any); out["kind"] == "Namespace" {
		// kube-apiserver writes them in the order of a map.
		slices.SortFunc(finalizers, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	entries, _ := meta["managedFields"].([]any)
	for _, e := range entries {
		e := e.(map[string]any)
		e["time"] = "*"
		// kube-apiserver calls itself by the name of its binary.
		if name, _ := e["manager"].(string); strings.HasPrefix(name, "controlplane-") {
			e["manager"] = "kube-apiserver"
		}
	}
	// Entries of one second are in the order of their managers; when seconds pass between, the order may differ.
	slices.SortFunc(entries, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// maskStatus hides what is in no order, or in an internal form, in a refusal.
func maskStatus(status map[string]any) {
	message, _ := status["message"].(string)
	if strings.Contains(message, "field not declared in schema") {
		message = "(fields that a version does not have; how many are told is a map's chance)"
	}
	lines := strings.Split(maskText(message), "\n")
	slices.Sort(lines)
	status["message"] = strings.Join(lines, "\n")
	details, _ := status["details"].(map[string]any)
	if details["uid"] != nil {
		details["uid"] = "*"
	}
	causes, _ := details["causes"].([]any)
	if len(causes) > 1 {
		status["message"] = "(the causes, in some order)"
	}
	for _, c := range causes {
		c := c.(map[string]any)
		text, _ := c["message"].(string)
		c["message"] = maskText(text)
	}
	slices.SortFunc(causes, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func maskText(text string) string {
	text = frozenValue.ReplaceAllString(text, "Invalid value: *: field is immutable")
	text = wholeObject.ReplaceAllString(text, "is missing in *")
	text = wholeValue.ReplaceAllString(text, "Invalid value: *: ")
	text, _, _ = strings.Cut(text, "\n@@") // a comparison of internal forms
	text = recordVersion.ReplaceAllString(text, "$1 *")
	text = storageKey.ReplaceAllString(text, "Key: *,")
	text = anyTime.ReplaceAllString(text, "*")
	return anyUID.ReplaceAllString(text, "*")
}

// differences lists the places where two answers differ, with both values.
func differences(real, memory reply) []string {
	var out []string
	if real.code != memory.code {
		out = append(out, fmt.Sprintf("code: %d, in memory %d", real.code, memory.code))
	}
	compare("", masked(real), masked(memory), &out)
	return out
}

func compare(pointer string, real, memory any, out *[]string) {
	if reflect.DeepEqual(real, memory) {
		return
	}
	switch r := real.(type) {
	case map[string]any:
		if m, ok := memory.(map[string]any); ok {
			names := map[string]bool{}
			for k := range r {
				names[k] = true
			}
			for k := range m {
				names[k] = true
			}
			for _, k := range slices.Sorted(maps.Keys(names)) {
				compare(pointer+"/"+k, get(r, k), get(m, k), out)
			}
			return
		}
	case []any:
		if m, ok := memory.([]any); ok && len(m) == len(r) {
			for i := range r {
				compare(fmt.Sprint(pointer, "/", i), r[i], m[i], out)
			}
			return
		}
	}
	*out = append(*out, fmt.Sprintf("%s: %s, in memory %s", pointer, shown(real), shown(memory)))
}

type nothing struct{}

func get(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return nothing{}
}

func shown(v any) string {
	if _, ok := v.(nothing); ok {
		return "nothing"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
