package wire_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// identities are values of which no two servers have the same: UIDs, and tokens that lists are continued with.
var identities = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\beyJ[0-9A-Za-z_-]+`)

// sameButIdentities asks both servers in turn and compares codes, warnings and what the bodies say.
func sameButIdentities(t *testing.T, ours, theirs *plane, requests []request) {
	t.Helper()
	for _, q := range requests {
		t.Run(q.name, func(t *testing.T) {
			got, want := ours.do(t, q), theirs.do(t, q)
			t.Logf("real: %d %s %q", want.code, want.body, want.header["Warning"])
			require.Equal(t, want.code, got.code, "memory: %s", got.body)
			require.Equal(t, q.want, want.code, "the expectation")
			assert.Equal(t, want.header["Warning"], got.header["Warning"])
			got.body = identities.ReplaceAll(got.body, []byte("*"))
			want.body = identities.ReplaceAll(want.body, []byte("*"))
			assert.Equal(t, want.object(t), got.object(t))
		})
	}
}

// A deletion that may break a cluster is for what cannot be read.
func TestUnsafeDeletion(t *testing.T) {
	ours, theirs := planes(t, &memory.Options{})
	maps := "/api/v1/namespaces/{ns}/configmaps"
	sameButIdentities(t, ours, theirs, []request{
		{name: "create", method: "POST", path: maps, body: `{"metadata":{"name":"a"}}`, want: 201},
		{name: "delete", method: "DELETE", path: maps + "/a", body: `{"ignoreStoreReadErrorWithClusterBreakingPotential":true}`, want: 409},
		{name: "by query", method: "DELETE", path: maps + "/a?ignoreStoreReadErrorWithClusterBreakingPotential=true", want: 409},
		{name: "dry run", method: "DELETE", path: maps + "/a", body: `{"ignoreStoreReadErrorWithClusterBreakingPotential":true,"dryRun":["All"]}`, want: 409},
		{name: "with a grace period", method: "DELETE", path: maps + "/a", body: `{"ignoreStoreReadErrorWithClusterBreakingPotential":true,"gracePeriodSeconds":1}`, want: 422},
		{name: "absent", method: "DELETE", path: maps + "/none", body: `{"ignoreStoreReadErrorWithClusterBreakingPotential":true}`, want: 404},
		{name: "collection", method: "DELETE", path: maps, body: `{"ignoreStoreReadErrorWithClusterBreakingPotential":true}`, want: 422},
		{name: "a protected namespace", method: "DELETE", path: "/api/v1/namespaces/default", body: `{"ignoreStoreReadErrorWithClusterBreakingPotential":true}`, want: 500},
		{name: "a namespace", method: "DELETE", path: "/api/v1/namespaces/{ns}", body: `{"ignoreStoreReadErrorWithClusterBreakingPotential":true}`, want: 500},
		{name: "a role", method: "DELETE", path: "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles/none?ignoreStoreReadErrorWithClusterBreakingPotential=true", want: 500},
		{name: "a service", method: "DELETE", path: "/api/v1/namespaces/{ns}/services/none?ignoreStoreReadErrorWithClusterBreakingPotential=true", want: 404},
		{name: "a definition", method: "DELETE", want: 404,
			path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/none?ignoreStoreReadErrorWithClusterBreakingPotential=true"},
		{name: "off", method: "DELETE", path: maps + "/a", body: `{"ignoreStoreReadErrorWithClusterBreakingPotential":false}`, want: 200},
	})
}

// A part of a collection is deleted with a token for the rest.
func TestDeletePartOfCollection(t *testing.T) {
	ours, theirs := planes(t, &memory.Options{})
	maps := "/api/v1/namespaces/{ns}/configmaps"
	sameButIdentities(t, ours, theirs, []request{
		{name: "a", method: "POST", path: maps, body: `{"metadata":{"name":"a","labels":{"part":"x"}}}`, want: 201},
		{name: "b", method: "POST", path: maps, body: `{"metadata":{"name":"b","labels":{"part":"x"}}}`, want: 201},
		{name: "c", method: "POST", path: maps, body: `{"metadata":{"name":"c","labels":{"part":"x"}}}`, want: 201},
		{name: "one", method: "DELETE", path: maps + "?limit=1&labelSelector=part%3Dx", want: 200},
		{name: "the rest", method: "DELETE", path: maps + "?labelSelector=part%3Dx", want: 200},
	})
}

// A key that is there twice in an apply is told of in the same words.
func TestDuplicateKeysInApply(t *testing.T) {
	ours, theirs := planes(t, &memory.Options{})
	apply := func(name, body string, want int) request {
		return request{
			name: name, method: "PATCH", body: body, want: want, header: map[string]string{"Content-Type": "application/apply-patch+yaml"},
			path: "/api/v1/namespaces/{ns}/configmaps/a?fieldManager=us&force=true",
		}
	}
	sameButIdentities(t, ours, theirs, []request{
		apply("one", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: b\ndata:\n  a: c\n", 201),
		apply("two", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  name: a\ndata:\n  a: b\ndata:\n  a: c\n", 200),
		apply("json", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"b","a":"c"}}`, 200),
	})
}
