package wire_test

import (
	"testing"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// What binds a pod or evicts it is about that pod, and says where to.
func TestBindings(t *testing.T) {
	ours, theirs := planes(t, &memory.Options{})
	pods := "/api/v1/namespaces/{ns}/pods"
	pod := func(name, more string) string {
		return `{"metadata":{"name":"` + name + `"},"spec":{` + more + `"automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}]}}`
	}
	account := request{name: "account", method: "POST", path: "/api/v1/namespaces/{ns}/serviceaccounts", body: `{"metadata":{"name":"default"}}`}
	for _, p := range []*plane{ours, theirs} {
		p.do(t, account)
	}
	bind, evict := pods+"/a/binding", pods+"/a/eviction"
	sameButIdentities(t, ours, theirs, []request{
		{name: "create", method: "POST", path: pods, body: pod("a", ""), want: 201},
		{name: "create gated", method: "POST", path: pods, body: pod("gated", `"schedulingGates":[{"name":"example.com/g"}],`), want: 201},
		{name: "to a pod", method: "POST", path: bind, body: `{"metadata":{"name":"a"},"target":{"kind":"Pod","name":"n"}}`, want: 500},
		{name: "to nowhere", method: "POST", path: bind, body: `{"metadata":{"name":"a"},"target":{"kind":"Node"}}`, want: 500},
		{name: "without a target", method: "POST", path: bind, body: `{"metadata":{"name":"a"}}`, want: 500},
		{name: "to what is no node's name", method: "POST", path: bind, body: `{"metadata":{"name":"a"},"target":{"name":"A_B"}}`, want: 500},
		{name: "two faults", method: "POST", path: bind, body: `{"metadata":{"name":"a"},"target":{"kind":"Pod"}}`, want: 500},
		{name: "another name", method: "POST", path: bind, body: `{"metadata":{"name":"b"},"target":{"name":"n"}}`, want: 400},
		{name: "no name", method: "POST", path: bind, body: `{"target":{"name":"n"}}`, want: 400},
		{name: "another namespace", method: "POST", path: bind, body: `{"metadata":{"name":"a","namespace":"other"},"target":{"name":"n"}}`, want: 400},
		{name: "another uid", method: "POST", path: bind, body: `{"metadata":{"name":"a","uid":"` + stranger + `"},"target":{"name":"n"}}`, want: 409},
		{name: "absent", method: "POST", path: pods + "/none/binding", body: `{"metadata":{"name":"none"},"target":{"name":"n"}}`, want: 404},
		{name: "gated", method: "POST", path: pods + "/gated/binding", body: `{"metadata":{"name":"gated"},"target":{"name":"n"}}`, want: 409},
		{name: "dry run", method: "POST", path: bind + "?dryRun=All", body: `{"metadata":{"name":"a"},"target":{"name":"n"}}`, want: 201},
		{name: "bound", method: "POST", path: bind, want: 201,
			body: `{"metadata":{"name":"a","annotations":{"x":"y"},"labels":{"l":"m"}},"target":{"kind":"Node","name":"n"}}`},
		{name: "read", method: "GET", path: pods + "/a", want: 200},
		{name: "bound twice", method: "POST", path: bind, body: `{"metadata":{"name":"a"},"target":{"name":"m"}}`, want: 409},
		{name: "evict another", method: "POST", path: evict, body: `{"metadata":{"name":"b"}}`, want: 400},
		{name: "evict none", method: "POST", path: evict, body: `{}`, want: 400},
		{name: "evict elsewhere", method: "POST", path: evict, body: `{"metadata":{"name":"a","namespace":"other"}}`, want: 400},
		{name: "evict unsafely", method: "POST", path: evict, want: 422,
			body: `{"metadata":{"name":"a"},"deleteOptions":{"ignoreStoreReadErrorWithClusterBreakingPotential":true}}`},
		{name: "delete", method: "DELETE", path: pods + "/a", want: 200},
		{name: "bind what ends", method: "POST", path: bind, body: `{"metadata":{"name":"a"},"target":{"name":"m"}}`, want: 409},
	})
}
