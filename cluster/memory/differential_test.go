package memory_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

var (
	differentialSeed       = flag.Uint64("differential.seed", 0, "seed of the differential test; 0 takes a fresh one")
	differentialOperations = flag.Int("differential.operations", 600, "operations of the differential test")
	differentialKind       = flag.String("differential.kind", "", "only this kind")
)

// How long kube-apiserver may take to serve a new kind.
const (
	waitForCRD = 30 * time.Second
	pollCRD    = 50 * time.Millisecond
)

// side is one of the two servers.
type side struct {
	name   string
	host   string
	client *http.Client
}

func newSide(t *testing.T, name string, config *rest.Config) *side {
	t.Helper()
	config = rest.CopyConfig(config)
	config.UserAgent = "differential/1"
	client, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	return &side{name: name, host: config.Host, client: client}
}

// reply is what a server answered.
type reply struct {
	code     int
	body     map[string]any
	warnings []string
}

func (s *side) do(t *testing.T, o operation) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), o.method, s.host+o.path, bytes.NewReader(o.body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", o.media)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "differential/1")
	response, err := s.client.Do(r)
	require.NoError(t, err, s.name)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	out := reply{code: response.StatusCode, warnings: response.Header.Values("Warning")}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &out.body); err != nil {
		out.body = map[string]any{"text": string(raw)}
	}
	return out
}

// operation is one request, the same to both servers.
type operation struct {
	verb, method, path, media string
	body                      []byte
}

func (o operation) String() string { return fmt.Sprintf("%s %s %s", o.method, o.path, o.body) }

// kindCase is a kind with an object of it and the path of its collection.
type kindCase struct {
	kind, path, prefix string
	object             map[string]any
	status             map[string]any
	scale              bool
}

func differentialKinds(t *testing.T, namespace string) []kindCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/differential/kinds.yaml")
	require.NoError(t, err)
	plural := map[string]string{
		"Ingress": "ingresses", "NetworkPolicy": "networkpolicies", "StorageClass": "storageclasses",
		"PriorityClass": "priorityclasses", "IngressClass": "ingressclasses", "Endpoints": "endpoints",
	}
	cluster := map[string]bool{
		"ClusterRole": true, "ClusterRoleBinding": true, "StorageClass": true, "PriorityClass": true, "IngressClass": true,
		"ValidatingWebhookConfiguration": true, "PersistentVolume": true,
	}
	status := map[string]map[string]any{
		"Deployment": {"replicas": int64(1)}, "StatefulSet": {"replicas": int64(1)}, "ReplicaSet": {"replicas": int64(1)},
		"DaemonSet": {"numberReady": int64(1)},
		"Ingress":   {"loadBalancer": map[string]any{"ingress": []any{map[string]any{"hostname": "h"}}}},
		"Widget":    {"size": int64(2), "note": "n"},
	}
	var out []kindCase
	for _, doc := range bytes.Split(raw, []byte("\n---\n")) {
		var obj map[string]any
		data, err := yaml.YAMLToJSON(doc)
		require.NoError(t, err)
		require.NoError(t, kjson.UnmarshalCaseSensitivePreserveInts(data, &obj))
		kind := obj["kind"].(string)
		resource, ok := plural[kind]
		if !ok {
			resource = strings.ToLower(kind) + "s"
		}
		version := obj["apiVersion"].(string)
		root := "/apis/" + version
		if version == "v1" {
			root = "/api/v1"
		}
		path, prefix := root+"/namespaces/"+namespace+"/"+resource, "x"
		if cluster[kind] {
			path, prefix = root+"/"+resource, namespace+"-x" // Other runs have objects there too.
		}
		out = append(out, kindCase{
			kind: kind, path: path, prefix: prefix, object: obj, status: status[kind],
			scale: slices.Contains([]string{"Deployment", "StatefulSet", "ReplicaSet", "Widget"}, kind),
		})
	}
	return out
}

// chooser makes random operations on the objects of one kind.
type chooser struct{ *rand.Rand }

func (c chooser) one(list ...string) string { return list[c.IntN(len(list))] }

// vary returns a copy of obj with some optional fields left out and some values changed.
func (c chooser) vary(obj map[string]any, path string) map[string]any {
	out := map[string]any{}
	for _, k := range slices.Sorted(maps.Keys(obj)) {
		at := path + "." + k
		if !essential[k] && path != "" && c.IntN(6) == 0 {
			continue
		}
		out[k] = c.value(obj[k], at, k)
	}
	return out
}

// essential fields are never left out, since the object would not be accepted.
var essential = func() map[string]bool {
	out := map[string]bool{}
	for _, k := range strings.Fields("apiVersion kind metadata name spec selector matchLabels app template containers image labels " +
		"restartPolicy schedule jobTemplate ports port containerPort mountPath volumes volumeMounts serviceName accessModes resources requests " +
		"storage rules host http paths path pathType backend service number roleRef roleType subjects verbs apiGroups resources addressType " +
		"addresses endpoints maxReplicas scaleTargetRef limits type podSelector key value minAvailable configMap hostPath httpGet tcpSocket " +
		"secretKeyRef valueFrom fieldRef fieldPath configMapRef operator conf emptyDir namespace hosts storageClassName cpu memory max min " +
		"any none free admissionReviewVersions sideEffects clientConfig webhooks provisioner controller capacity hard subsets ip webhooks apiVersions operations namespaceSelector parameters " +
		"volumeClaimTemplates selector protocol env conditions behavior") {
		out[k] = true
	}
	return out
}()

func (c chooser) value(v any, path, key string) any {
	switch v := v.(type) {
	case map[string]any:
		return c.vary(v, path)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = c.value(item, path, key)
		}
		return out
	}
	if choices, ok := variants[key]; ok && c.IntN(3) == 0 {
		return choices[c.IntN(len(choices))]
	}
	return v
}

// variants are other values for a field.
var variants = map[string][]any{
	"replicas": {int64(1), int64(3)}, "image": {"nginx:1.28", "nginx", "reg.example.com:5000/app"}, "note": {"two", "three"},
	"one": {"uno", ""}, "two": {"dos"}, "user": {"root"}, "args": {"c"}, "backoffLimit": {int64(3), int64(4)},
	"periodSeconds": {int64(7)}, "schedule": {"5 * * * *"}, "maxReplicas": {int64(6), int64(7)},
	"size": {int64(4), int64(5)}, "holderIdentity": {"you"}, "minAvailable": {int64(2), "50%"}, "cpu": {"1", "250m"},
	"hostname": {"i"}, "secretName": {"tls2"}, "value": {"2"}, "targetPort": {"http", int64(8080)}, "port": {int64(81), int64(82)},
	"numberReady": {int64(2)}, "ios": {"50%", int64(6)}, "stabilizationWindowSeconds": {int64(30)},
}

// next makes an operation on object number n of a kind.
func (c chooser) next(k kindCase, n int, live map[string]any) operation {
	name := fmt.Sprint(k.prefix, n)
	obj := c.vary(k.object, "")
	obj["metadata"].(map[string]any)["name"] = name
	at := k.path + "/" + name
	query := "?fieldManager=" + c.one("one", "two", "three")
	if c.IntN(8) == 0 {
		query += "&dryRun=All"
	}
	if c.IntN(10) == 0 {
		query += "&fieldValidation=" + c.one("Strict", "Ignore", "Warn")
	}
	encode := func(v any) []byte {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return raw
	}
	switch pick := c.IntN(100); {
	case live == nil && pick < 50:
		return operation{"create", "POST", k.path + query, "application/json", encode(obj)}
	case live == nil || pick < 45:
		if c.IntN(2) == 0 {
			query += "&force=true"
		}
		return operation{"apply", "PATCH", at + query, "application/apply-patch+yaml", encode(obj)}
	case pick < 55:
		delete(obj, "apiVersion")
		return operation{"merge patch", "PATCH", at + query, "application/merge-patch+json", encode(map[string]any{
			"metadata": map[string]any{"labels": map[string]any{"app": "a", "extra": c.one("1", "2")}, "annotations": map[string]any{"note": nil}},
			"spec":     changesTo(obj["spec"]),
		})}
	case pick < 62:
		return operation{"strategic patch", "PATCH", at + query, "application/strategic-merge-patch+json", encode(obj)}
	case pick < 69:
		return operation{"json patch", "PATCH", at + query, "application/json-patch+json", encode([]any{
			map[string]any{"op": c.one("add", "add", "replace", "test"), "path": c.one("/metadata/labels/extra", "/metadata/labels/app2"), "value": "v"},
		})}
	case pick < 77:
		updated := runtime.DeepCopyJSON(live)
		updated["metadata"].(map[string]any)["labels"] = map[string]any{"app": "a", "step": c.one("1", "2")}
		if spec, ok := obj["spec"]; ok && c.IntN(2) == 0 {
			updated["spec"] = spec
		}
		return operation{"update", "PUT", at + query, "application/json", encode(updated)}
	case pick < 83 && k.status != nil:
		return operation{"status patch", "PATCH", at + "/status" + query, "application/merge-patch+json", encode(map[string]any{
			"status": c.vary(k.status, ".status"), "metadata": map[string]any{"annotations": map[string]any{"from": "status"}},
			"spec": map[string]any{"replicas": int64(9)},
		})}
	case pick < 86 && k.status != nil:
		return operation{"status apply", "PATCH", at + "/status" + query + "&force=true", "application/apply-patch+yaml", encode(map[string]any{
			"apiVersion": k.object["apiVersion"], "kind": k.kind, "metadata": map[string]any{"name": name}, "status": c.vary(k.status, ".status"),
		})}
	case pick < 89 && k.scale:
		return operation{"scale", "PATCH", at + "/scale" + query, "application/merge-patch+json", encode(map[string]any{
			"spec": map[string]any{"replicas": int64(c.IntN(4) + 1)},
		})}
	case pick < 91:
		return operation{"finalizer", "PATCH", at + query, "application/merge-patch+json", encode(map[string]any{
			"metadata": map[string]any{"finalizers": map[bool]any{true: []any{"example.com/hold"}, false: nil}[c.IntN(2) == 0]},
		})}
	case pick < 96 && !strings.HasPrefix(k.kind, "PersistentVolume"): // Their protection ends in a controller.
		body := map[string]any{"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
		return operation{"delete", "DELETE", at, "application/json", encode(body)}
	default:
		return c.bad(k, at, query, obj, encode)
	}
}

// changesTo returns the fields of a spec that may be changed.
func changesTo(v any) any {
	out := map[string]any{}
	spec, _ := v.(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(spec)) {
		if _, ok := variants[k]; ok {
			out[k] = spec[k]
		}
	}
	return out
}

// bad makes an operation that is refused.
func (c chooser) bad(k kindCase, at, query string, obj map[string]any, encode func(any) []byte) operation {
	switch c.IntN(5) {
	case 0:
		obj["unknown"] = map[string]any{"a": int64(1)}
		return operation{"bad: unknown field", "PATCH", at + query + "&force=true", "application/apply-patch+yaml", encode(obj)}
	case 1:
		obj["metadata"].(map[string]any)["labels"] = map[string]any{"-bad-": "x y"}
		return operation{"bad: labels", "PATCH", at + query + "&force=true", "application/apply-patch+yaml", encode(obj)}
	case 2:
		return operation{"bad: resourceVersion", "PATCH", at + query, "application/merge-patch+json", encode(map[string]any{
			"metadata": map[string]any{"resourceVersion": "1", "labels": map[string]any{"v": c.one("1", "2")}},
		})}
	case 3:
		return operation{"bad: type", "PATCH", at + query, "application/merge-patch+json", encode(map[string]any{"metadata": map[string]any{"labels": "text"}})}
	}
	obj["metadata"].(map[string]any)["uid"] = "11111111-1111-1111-1111-111111111111"
	return operation{"bad: uid", "PATCH", at + query + "&force=true", "application/apply-patch+yaml", encode(obj)}
}

// masked returns an answer without what must differ between two servers.
func masked(r reply) map[string]any {
	out := runtime.DeepCopyJSON(r.body)
	uid, _, _ := unstructured.NestedString(out, "metadata", "uid")
	if meta, ok := out["metadata"].(map[string]any); ok {
		for _, k := range []string{"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"} {
			if meta[k] != nil {
				meta[k] = "*"
			}
		}
		entries, _ := meta["managedFields"].([]any)
		for _, e := range entries {
			e.(map[string]any)["time"] = "*"
		}
		// Entries of one second are in the order of their managers; when seconds pass between, the order may differ.
		slices.SortFunc(entries, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	if status, ok := out["status"].(map[string]any); ok && status["lastPhaseTransitionTime"] != nil {
		status["lastPhaseTransitionTime"] = "*"
	}
	if spec, ok := out["spec"].(map[string]any); ok && out["kind"] == "Service" {
		for _, k := range []string{"clusterIP", "clusterIPs"} {
			if spec[k] != nil {
				spec[k] = "*"
			}
		}
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
	var again map[string]any
	if err := json.Unmarshal(raw, &again); err != nil {
		panic(err)
	}
	return again
}

// wholeValue is a structure in a message, which the real server writes in its internal form.
var wholeValue = regexp.MustCompile(`Invalid value: ("?(\{|map\[)).*[}\]]"?: `)

// maskStatus hides what is in no order, or in an internal form, in a refusal.
func maskStatus(status map[string]any) {
	message, _ := status["message"].(string)
	lines := strings.Split(wholeValue.ReplaceAllString(message, "Invalid value: *: "), "\n")
	slices.Sort(lines)
	status["message"] = strings.Join(lines, "\n")
	details, _ := status["details"].(map[string]any)
	if details["uid"] != nil {
		details["uid"] = "*"
	}
	causes, _ := details["causes"].([]any)
	for _, c := range causes {
		c := c.(map[string]any)
		text, _ := c["message"].(string)
		c["message"] = wholeValue.ReplaceAllString(text, "Invalid value: *: ")
	}
	slices.SortFunc(causes, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// The same random operations lead to the same answers and the same objects on kube-apiserver and in memory: objects with
// their managedFields, refusals with their code, reason, message and causes, and whether anything was written at all.
func TestDifferential(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	if *differentialSeed != 0 {
		differential(t, cluster, *differentialSeed)
		return
	}
	t.Run("fixed seed", func(t *testing.T) { differential(t, cluster, 1) })
	t.Run("fresh seed", func(t *testing.T) { differential(t, cluster, rand.Uint64()) })
}

func differential(t *testing.T, cluster *kubetest.ControlPlane, seed uint64) {
	t.Helper()
	t.Logf("seed %d, %d operations", seed, *differentialOperations)
	random := chooser{rand.New(rand.NewPCG(seed, 1))}
	namespace := kubetest.Namespace(t, cluster.Config())
	server := start(t, nil)
	sides := []*side{newSide(t, "kube-apiserver", cluster.Config()), newSide(t, "memory", server.Config())}
	prepareDifferential(t, sides, namespace)

	kinds := differentialKinds(t, namespace)
	if *differentialKind != "" {
		kinds = slices.DeleteFunc(kinds, func(k kindCase) bool { return k.kind != *differentialKind })
	}
	counts := map[string]map[string]int{}
	accepted, differences := 0, 0
	versions := map[string][2]string{}
	for range *differentialOperations {
		k := kinds[random.IntN(len(kinds))]
		n := random.IntN(2)
		read := operation{"get", "GET", fmt.Sprint(k.path, "/", k.prefix, n), "application/json", nil}
		var live map[string]any
		if r := sides[0].do(t, read); r.code == http.StatusOK {
			live = r.body
		}
		o := random.next(k, n, live)
		var replies [2]reply
		for i, s := range sides {
			mine := o
			if o.verb == "update" {
				mine.body = withIdentity(t, s, read, o.body)
			}
			replies[i] = s.do(t, mine)
		}
		outcome := "accepted"
		if replies[0].code >= 400 {
			outcome = fmt.Sprint("refused ", replies[0].code)
		} else {
			accepted++
		}
		if counts[o.verb] == nil {
			counts[o.verb] = map[string]int{}
		}
		counts[o.verb][outcome]++
		same := assert.Equal(t, replies[0].code, replies[1].code, "%s\n%s\n%v\n%v", k.kind, o, replies[0].body["message"], replies[1].body["message"])
		same = same && assert.Equal(t, masked(replies[0]), masked(replies[1]), "%s %s\n%s", k.kind, o.verb, o)
		var after [2]reply
		for i, s := range sides {
			after[i] = s.do(t, read)
		}
		same = same && assert.Equal(t, masked(after[0]), masked(after[1]), "state of %s after\n%s", k.kind, o)
		// A write that is none leaves the version.
		key := fmt.Sprint(k.kind, n)
		now := [2]string{versionIn(after[0]), versionIn(after[1])}
		was := versions[key]
		// On kube-apiserver an apply of a claim is a write whenever its second is a new one.
		if !reordered(after[0]) && !reordered(after[1]) && k.kind != "PersistentVolumeClaim" {
			same = same && assert.Equal(t, was[0] == now[0], was[1] == now[1], "%s was written on one side only by\n%s", k.kind, o)
		}
		versions[key] = now
		if !same {
			differences++
			// Start over with this object, so that one difference is not reported again and again.
			for _, s := range sides {
				s.do(t, operation{"reset", "PATCH", read.path, "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`)})
				s.do(t, operation{"reset", "DELETE", read.path + "?propagationPolicy=Background", "application/json", nil})
			}
			delete(versions, key)
		}
	}
	for _, verb := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%-22s %v", verb, counts[verb])
	}
	t.Logf("%d of %d accepted, %d differences", accepted, *differentialOperations, differences)
	assert.GreaterOrEqual(t, accepted*10, *differentialOperations*7, "most operations must be accepted ones")
}

// reordered reports whether an object has entries of managedFields from different seconds. Their order depends on the time,
// which is part of what was written.
func reordered(r reply) bool {
	entries, _, _ := unstructured.NestedSlice(r.body, "metadata", "managedFields")
	times := map[any]bool{}
	for _, e := range entries {
		times[e.(map[string]any)["time"]] = true
	}
	return len(times) > 1
}

func versionIn(r reply) string {
	v, _, _ := unstructured.NestedString(r.body, "metadata", "resourceVersion")
	return v
}

// withIdentity puts a server's own resourceVersion and uid into an object that was read from the other.
func withIdentity(t *testing.T, s *side, read operation, body []byte) []byte {
	t.Helper()
	var obj map[string]any
	require.NoError(t, kjson.UnmarshalCaseSensitivePreserveInts(body, &obj))
	own := s.do(t, read).body
	for _, path := range [][]string{
		{"metadata", "resourceVersion"}, {"metadata", "uid"}, {"metadata", "creationTimestamp"}, {"metadata", "deletionTimestamp"},
		{"metadata", "managedFields"}, {"spec", "clusterIP"}, {"spec", "clusterIPs"},
	} {
		if v, ok, _ := unstructured.NestedFieldNoCopy(own, path...); ok {
			if _, had, _ := unstructured.NestedFieldNoCopy(obj, path...); had {
				require.NoError(t, unstructured.SetNestedField(obj, v, path...))
			}
		}
	}
	out, err := json.Marshal(obj)
	require.NoError(t, err)
	// The labels of a job's pods carry its uid.
	theirs, _, _ := unstructured.NestedString(own, "metadata", "uid")
	for _, label := range []string{"controller-uid", "batch.kubernetes.io/controller-uid"} {
		was, _, _ := unstructured.NestedString(obj, "spec", "template", "metadata", "labels", label)
		if was != "" {
			out = bytes.ReplaceAll(out, []byte(was), []byte(theirs))
		}
	}
	return out
}

func prepareDifferential(t *testing.T, sides []*side, namespace string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/differential/crd.yaml")
	require.NoError(t, err)
	for _, s := range sides {
		s.do(t, operation{"", "POST", "/api/v1/namespaces", "application/json",
			fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q}}`, namespace)})
		r := s.do(t, operation{"", "PATCH", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.diff.setpoint.dev?fieldManager=t",
			"application/apply-patch+yaml", raw})
		require.Less(t, r.code, 300, "%v", r.body)
		require.Eventually(t, func() bool {
			return s.do(t, operation{"", "GET", "/apis/diff.setpoint.dev/v1/namespaces/" + namespace + "/widgets", "application/json", nil}).code == 200
		}, waitForCRD, pollCRD)
	}
}
