package wire_test

import (
	"testing"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

const claims = "/api/v1/namespaces/{ns}/persistentvolumeclaims"

// claim is a claim with something beside what every claim has.
func claim(name, more string) string {
	return `{"metadata":{"name":"` + name + `"},"spec":{` + more + `"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}`
}

// A source that claims could not be made from before there were others is dropped, and refused when it is named the new way.
func TestClaimSources(t *testing.T) {
	ours, theirs := planes(t, &memory.Options{})
	same(t, ours, theirs, []request{
		{name: "of no kind there is", method: "POST", path: claims, want: 201, body: claim("a", `"dataSource":{"kind":"Foo","name":"x"},`)},
		{name: "stays dropped", method: "PUT", path: claims + "/a", want: 200, body: claim("a", `"dataSource":{"kind":"Foo","name":"x"},`)},
		{name: "of another group", method: "POST", path: claims, want: 201, body: claim("b", `"dataSource":{"apiGroup":"example.com","kind":"Foo","name":"x"},`)},
		{name: "without a kind", method: "POST", path: claims, want: 201, body: claim("c", `"dataSource":{"kind":"","name":"x"},`)},
		{name: "a claim", method: "POST", path: claims, want: 201, body: claim("d", `"dataSource":{"kind":"PersistentVolumeClaim","name":"x"},`)},
		{name: "a snapshot", method: "POST", path: claims, want: 201, body: claim("e", `"dataSource":{"apiGroup":"snapshot.storage.k8s.io","kind":"VolumeSnapshot","name":"x"},`)},
		{name: "the new way", method: "POST", path: claims, want: 422, body: claim("f", `"dataSourceRef":{"kind":"Foo","name":"x"},`)},
		{name: "the new way, of another group", method: "POST", path: claims, want: 201, body: claim("g", `"dataSourceRef":{"apiGroup":"example.com","kind":"Foo","name":"x"},`)},
	})
}
