package wire_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

var number = regexp.MustCompile(`\d+`)

// verdict is what two servers can agree on about an answer: its code, and of a refusal the words without numbers.
func (a answer) verdict(t *testing.T) string {
	t.Helper()
	if a.code < http.StatusBadRequest {
		return fmt.Sprint(a.code)
	}
	var status struct {
		Reason, Message string
		Details         struct {
			Kind   string
			Causes []struct{ Reason, Field, Message string }
		}
	}
	if json.Unmarshal(a.body, &status) != nil {
		return fmt.Sprintf("%d %s", a.code, a.body)
	}
	return fmt.Sprintf("%d %s %s", a.code, status.Reason, number.ReplaceAllString(fmt.Sprint(status.Message, status.Details), "N"))
}

// Every combination of version parameters is accepted or refused as a real server does.
func TestVersionParameters(t *testing.T) {
	ours, theirs := planes(t, nil)
	const path = "/api/v1/namespaces/{ns}/configmaps"
	queries := []string{
		"", "resourceVersion=0", "resourceVersion=", "resourceVersion={now}", "resourceVersion={later}", "resourceVersion=x", "resourceVersion=-1",
		"resourceVersion=0&resourceVersionMatch=Exact", "resourceVersionMatch=Exact", "resourceVersionMatch=NotOlderThan",
		"resourceVersion={now}&resourceVersionMatch=Exact", "resourceVersion={now}&resourceVersionMatch=NotOlderThan",
		"resourceVersion=0&resourceVersionMatch=NotOlderThan", "resourceVersion={now}&resourceVersionMatch=foo", "resourceVersionMatch=foo",
		"resourceVersion={later}&resourceVersionMatch=Exact", "resourceVersion={later}&resourceVersionMatch=NotOlderThan",
		"limit=1", "limit=-1", "limit=x", "limit=1&resourceVersion=0", "limit=1&resourceVersion={now}", "limit=1&resourceVersion={now}&resourceVersionMatch=Exact",
		"limit=1&resourceVersion={later}",
		"continue=x", "continue={token}", "continue={token}&resourceVersion={now}", "continue={token}&resourceVersion=0",
		"continue={token}&resourceVersionMatch=Exact", "continue={token}&limit=1", "continue={token}&resourceVersion={now}&resourceVersionMatch=Exact",
		"labelSelector=a==", "labelSelector=a,,b", "labelSelector=a%20in%20(", "fieldSelector=spec.x=1", "fieldSelector=a", "fieldSelector=metadata.name%3Da&limit=1",
		"watch=1&timeoutSeconds=1", "watch=1&timeoutSeconds=1&resourceVersion=0", "watch=1&timeoutSeconds=1&resourceVersion={now}", "watch=1&timeoutSeconds=1&resourceVersion=x",
		"watch=1&timeoutSeconds=1&resourceVersionMatch=Exact", "watch=1&timeoutSeconds=1&sendInitialEvents=true",
		"watch=1&timeoutSeconds=1&sendInitialEvents=false", "watch=1&timeoutSeconds=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan",
		"watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
		"watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion={now}",
		"watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
		"watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion={now}",
		"watch=1&timeoutSeconds=1&sendInitialEvents=x", "sendInitialEvents=true", "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
		"sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0",
		"watch=1&timeoutSeconds=1&continue={token}", "watch=1&timeoutSeconds=1&limit=1", "watch=false", "watch=1&timeoutSeconds=x",
		"watch=1&timeoutSeconds=1&resourceVersion={now}&resourceVersionMatch=NotOlderThan", "watch=1&timeoutSeconds=1&labelSelector=a,,b",
		"watch=1&timeoutSeconds=1&fieldSelector=spec.x%3D1", "watch=1&timeoutSeconds=1&allowWatchBookmarks=x", "watch=1&timeoutSeconds=1&resourceVersion={later}",
	}
	fill := map[*plane]*strings.Replacer{}
	for _, p := range []*plane{ours, theirs} {
		for _, name := range []string{"a", "b", "c"} {
			made := p.do(t, request{method: "POST", path: path, body: `{"metadata":{"name":"` + name + `"}}`})
			require.Equal(t, http.StatusCreated, made.code, "%s", made.body)
		}
		var list struct {
			Metadata struct{ ResourceVersion, Continue string }
		}
		require.NoError(t, json.Unmarshal(p.do(t, request{method: "GET", path: path + "?limit=1"}).body, &list))
		fill[p] = strings.NewReplacer("{now}", list.Metadata.ResourceVersion, "{token}", list.Metadata.Continue,
			"{later}", list.Metadata.ResourceVersion+"00000")
	}
	for _, suffix := range []string{"", "/a"} {
		for _, query := range queries {
			if suffix != "" && (strings.Contains(query, "limit") || strings.Contains(query, "continue")) {
				continue
			}
			t.Run(suffix+"?"+query, func(t *testing.T) {
				t.Parallel() // a request for a version that is not there yet takes three seconds
				ask := func(p *plane) answer {
					return p.do(t, request{method: "GET", path: path + suffix + "?" + fill[p].Replace(query)})
				}
				got, want := ask(ours), ask(theirs)
				assert.Equal(t, want.verdict(t), got.verdict(t), "real: %s\nmemory: %s", want.body, got.body)
				if want.code != http.StatusOK || got.code != http.StatusOK {
					return
				}
				if !strings.Contains(query, "watch=1") {
					assert.Equal(t, want.object(t), maskContinue(got.object(t), want.object(t)))
					return
				}
				assert.Equal(t, events(t, want), events(t, got))
			})
		}
	}
}

// maskContinue takes the token of want, if both have one.
func maskContinue(got, want any) any {
	g, _ := got.(map[string]any)["metadata"].(map[string]any)
	w, _ := want.(map[string]any)["metadata"].(map[string]any)
	if g["continue"] != nil && w["continue"] != nil {
		g["continue"] = w["continue"]
	}
	return got
}

// events returns the types and names of what a watch told.
func events(t *testing.T, a answer) []string {
	t.Helper()
	var out []string
	marks := 0
	decoder := json.NewDecoder(strings.NewReader(string(a.body)))
	for decoder.More() {
		var event struct {
			Type   string
			Object struct {
				Kind, Message string
				Metadata      struct {
					Name        string
					Annotations map[string]string
				}
			}
		}
		require.NoError(t, decoder.Decode(&event))
		if event.Type == "BOOKMARK" {
			marks++
		}
		if event.Type == "BOOKMARK" && marks > 1 {
			continue // After the first, they come when a server likes, as shortly before the end.
		}
		out = append(out, fmt.Sprintf("%s %s %s %v %s", event.Type, event.Object.Kind, event.Object.Metadata.Name, event.Object.Metadata.Annotations,
			number.ReplaceAllString(event.Object.Message, "N")))
	}
	return out
}

// A page of a list that is forgotten says so, and with what token the rest can be had as it is now.
func TestExpiredPage(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	p := newPlane(t, "memory", server.Config(), "default")
	const path = "/api/v1/namespaces/{ns}/configmaps"
	for _, name := range []string{"a", "b"} {
		p.do(t, request{method: "POST", path: path, body: `{"metadata":{"name":"` + name + `"}}`})
	}
	read := func(a answer) (token string, names []string) {
		var list struct {
			Metadata struct{ Continue string }
			Items    []struct{ Metadata struct{ Name string } }
		}
		require.NoError(t, json.Unmarshal(a.body, &list))
		for _, item := range list.Items {
			names = append(names, item.Metadata.Name)
		}
		return list.Metadata.Continue, names
	}
	token, names := read(p.do(t, request{method: "GET", path: path + "?limit=1"}))
	require.Equal(t, []string{"a"}, names)
	p.do(t, request{method: "POST", path: path, body: `{"metadata":{"name":"c"}}`})
	server.Expire()
	gone := p.do(t, request{method: "GET", path: path + "?limit=1&continue=" + token})
	require.Equal(t, http.StatusGone, gone.code, "%s", gone.body)
	assert.Contains(t, gone.verdict(t), "inconsistent list")
	token, _ = read(gone)
	_, names = read(p.do(t, request{method: "GET", path: path + "?continue=" + token}))
	assert.Equal(t, []string{"b", "c"}, names, "the rest, as it is now")
}
