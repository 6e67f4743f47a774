package wire_test

import (
	"net/http"
	"testing"
)

// Who is impersonated has the groups that a real server gives, and nobody is nothing but groups.
func TestImpersonation(t *testing.T) {
	ours, theirs := planes(t, nil)
	as := func(name string, want int, pairs ...string) request {
		q := request{
			name: name, method: "POST", path: "/apis/authentication.k8s.io/v1/selfsubjectreviews", body: `{"metadata":{"name":"x"}}`,
			header: map[string]string{}, want: want,
		}
		for i := 0; i < len(pairs); i += 2 {
			q.header[pairs[i]] = pairs[i+1]
		}
		return q
	}
	const user, group = "Impersonate-User", "Impersonate-Group"
	same(t, ours, theirs, []request{
		as("a user", http.StatusCreated, user, "bob"),
		as("everything", http.StatusCreated, user, "bob", group, "g", "Impersonate-Uid", "u", "Impersonate-Extra-Example.com%2fteam", "blue"),
		as("who says so already", http.StatusCreated, user, "bob", group, "system:authenticated"),
		as("an account", http.StatusCreated, user, "system:serviceaccount:{ns}:app"),
		as("an account in a namespace of a name", http.StatusCreated, user, "system:serviceaccount:apps:app"),
		as("an account with a group", http.StatusCreated, user, "system:serviceaccount:apps:app", group, "g"),
		as("no account", http.StatusCreated, user, "system:serviceaccount:apps"),
		as("no account either", http.StatusCreated, user, "system:serviceaccount:apps:a:b"),
		as("nor with this name", http.StatusCreated, user, "system:serviceaccount:apps:A"),
		as("anonymous among admins", http.StatusCreated, user, "system:anonymous", group, "system:masters"),
		as("a user who is not authenticated among admins", http.StatusCreated, user, "bob", group, "system:masters", "Impersonate-Uid", "u"),
		as("a group", http.StatusBadRequest, group, "g"),
		as("a UID", http.StatusBadRequest, "Impersonate-Uid", "u"),
		as("an extra", http.StatusBadRequest, "Impersonate-Extra-Team", "blue"),
		as("all but a user", http.StatusBadRequest, group, "g", "Impersonate-Uid", "u", "Impersonate-Extra-Example.com%2fteam", `b"lue`),
		as("in YAML", http.StatusBadRequest, group, "g", "Accept", "application/yaml"),
		{name: "of a document", method: "GET", path: "/version", header: map[string]string{group: "g"}, want: http.StatusBadRequest},
	})
}
