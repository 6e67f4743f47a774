package wire_test

import (
	"testing"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// stranger is the UID of no object.
const stranger = "00000000-0000-4000-8000-000000000000"

// A Scale is held to the object, the name and the namespace that it was read from.
func TestScalePreconditions(t *testing.T) {
	ours, theirs := planes(t, &memory.Options{})
	deployments := "/apis/apps/v1/namespaces/{ns}/deployments"
	scale := deployments + "/a/scale"
	merge := map[string]string{"Content-Type": "application/merge-patch+json"}
	sameButIdentities(t, ours, theirs, []request{
		{name: "create", method: "POST", path: deployments, want: 201, body: `{"metadata":{"name":"a"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},
			"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}`},
		{name: "another uid", method: "PUT", path: scale, body: `{"metadata":{"name":"a","uid":"` + stranger + `"},"spec":{"replicas":2}}`, want: 409},
		{name: "another uid in a patch", method: "PATCH", header: merge, path: scale, body: `{"metadata":{"uid":"` + stranger + `"},"spec":{"replicas":2}}`, want: 409},
		{name: "another namespace", method: "PUT", path: scale, body: `{"metadata":{"name":"a","namespace":"other"},"spec":{"replicas":2}}`, want: 400},
		{name: "another namespace in a patch", method: "PATCH", header: merge, path: scale, body: `{"metadata":{"namespace":"other"},"spec":{"replicas":2}}`, want: 400},
		{name: "another name", method: "PUT", path: scale, body: `{"metadata":{"name":"b"},"spec":{"replicas":2}}`, want: 400},
		{name: "another name in a patch", method: "PATCH", header: merge, path: scale, body: `{"metadata":{"name":"b"},"spec":{"replicas":2}}`, want: 400},
		{name: "no name", method: "PUT", path: scale, body: `{"spec":{"replicas":2}}`, want: 400},
		{name: "another uid of one that is absent", method: "PUT", path: deployments + "/none/scale", body: `{"metadata":{"name":"none","uid":"` + stranger + `"}}`, want: 404},
		{name: "no namespace", method: "PUT", path: scale, body: `{"metadata":{"name":"a"},"spec":{"replicas":3}}`, want: 200},
	})
}
