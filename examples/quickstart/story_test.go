package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/health"
)

// listener is the story's audience: it notes for each line how many requests the server had got when the line was said.
type listener struct {
	server *memory.Server

	mu    sync.Mutex
	rest  []byte
	lines []said
}

type said struct {
	text string
	mark int
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		l.lines = append(l.lines, said{string(l.rest[:i]), l.server.Mark()})
		l.rest = l.rest[i+1:]
	}
}

// chapter is what was said under a heading, and what the server was asked meanwhile.
type chapter struct {
	text     []string
	requests []memory.Request
}

// chapters cuts the story at its headings; end is the number of requests when it was over.
func (l *listener) chapters(end int) []chapter {
	title := regexp.MustCompile(`^\d\. `)
	var out []chapter
	from := 0
	close := func(mark int) {
		if len(out) > 0 {
			all := l.server.RequestsSince(from)
			out[len(out)-1].requests = all[:min(mark-from, len(all))]
		}
		from = mark
	}
	for _, line := range l.lines {
		if title.MatchString(line.text) {
			close(line.mark)
			out = append(out, chapter{})
		}
		if len(out) > 0 {
			out[len(out)-1].text = append(out[len(out)-1].text, line.text)
		}
	}
	close(end)
	return out
}

// writes returns the requests that changed something, as "patch deployments/web by setpoint".
func (c chapter) writes() []string {
	var out []string
	for _, r := range c.requests {
		if r.Writes() {
			out = append(out, fmt.Sprintf("%s %s/%s by %s", r.Verb, r.Resource, r.Name, r.Manager))
		}
	}
	return out
}

// find returns what the first group of pattern matches in each line that matches.
func (c chapter) find(pattern string) []string {
	re := regexp.MustCompile(pattern)
	var out []string
	for _, line := range c.text {
		if m := re.FindStringSubmatch(line); m != nil {
			out = append(out, m[len(m)-1])
		}
	}
	return out
}

// counted checks the chapter's last words against the log.
func (c chapter) counted(t *testing.T) {
	t.Helper()
	var writes, dryRuns, reads, watches int
	for _, r := range c.requests {
		switch {
		case r.Watch:
			watches++
		case r.DryRun:
			dryRuns++
		case r.Writes():
			writes++
		default:
			reads++
		}
	}
	want := fmt.Sprintf("writes %d, dry runs %d, reads %d, watches opened %d", writes, dryRuns, reads, watches)
	assert.Equal(t, []string{want}, c.find(`^requests: (.*)$`))
}

func TestTheStoryIsTrue(t *testing.T) {
	server, err := memory.New(&memory.Options{Controllers: true})
	require.NoError(t, err)
	defer server.Close()
	audience := &listener{server: server}
	require.NoError(t, tell(t.Context(), audience, server, t.TempDir()))
	end := server.Mark()
	require.NoError(t, server.ControllerErrors())
	var text strings.Builder
	for _, line := range audience.lines {
		text.WriteString(line.text + "\n")
	}
	t.Log(text.String())
	chapters := audience.chapters(end)
	require.Len(t, chapters, 6)
	plan, sync, drift, heal, second, idle := chapters[0], chapters[1], chapters[2], chapters[3], chapters[4], chapters[5]

	// 1. The plan names every object of the first commit with its place, and plans only.
	created := plan.find(`^create +(\w+ \S+) \(shop/\w+\.yaml:\d+\)`)
	assert.ElementsMatch(t, []string{
		"Namespace shop", "Job shop/migrate", "ConfigMap shop/settings", "Deployment shop/web", "Service shop/web", "Deployment shop/worker",
	}, created)
	assert.Empty(t, plan.writes())
	plan.counted(t)

	// 2. Each was applied once and is healthy, and the migration was over before anything that comes after it began.
	var applied []string
	at := map[string]int{}
	for _, r := range sync.requests {
		if r.PatchType == "application/apply-patch+yaml" && r.Manager == "setpoint" && r.Resource != "secrets" {
			assert.Equal(t, 201, r.Code, r.Path)
			applied = append(applied, r.Resource+"/"+r.Name)
			at[r.Resource+"/"+r.Name] = r.Sequence
		}
	}
	assert.ElementsMatch(t, []string{"namespaces/shop", "jobs/migrate", "configmaps/settings", "deployments/web", "services/web", "deployments/worker"}, applied)
	for _, later := range []string{"deployments/web", "services/web", "deployments/worker"} {
		assert.Greater(t, at[later], at["jobs/migrate"])
	}
	sync.counted(t)
	client, err := kube.New(server.Config(), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"6 Healthy"}, sync.find(`^health after \S+: (.*)$`))
	for _, ref := range []cluster.Ref{
		{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"},
		{Group: "batch", Kind: "Job", Namespace: "shop", Name: "migrate"},
		{Kind: "Service", Namespace: "shop", Name: "web"},
	} {
		obj, err := client.Get(t.Context(), ref, cluster.GetOptions{})
		require.NoError(t, err)
		result, err := health.New(nil).Check(obj)
		require.NoError(t, err)
		assert.Equal(t, health.Healthy, result.Status, "%s: %s", ref, result.Message)
	}

	// 3. Somebody else wrote, once.
	assert.Equal(t, []string{"patch deployments/web by kubectl-edit"}, drift.writes())

	// 4. The fields, both values and the manager are named, and nothing but the Deployment is put back.
	healed := strings.Join(heal.text, "\n")
	for _, part := range []string{".spec.replicas", `image`, "web:hotfix", "web:v1", "kubectl-edit"} {
		assert.Contains(t, healed, part)
	}
	assert.Contains(t, heal.writes(), "patch deployments/web by setpoint")
	for _, w := range heal.writes() {
		assert.True(t, w == "patch deployments/web by setpoint" || strings.Contains(w, " secrets/"), w)
	}
	heal.counted(t)

	// 5. One image changes, one Deployment is deleted, and nothing else is written.
	shipped := strings.Join(second.text, "\n")
	assert.Contains(t, shipped, "web:v2")
	assert.Regexp(t, `(?m)^prune +Deployment shop/worker`, shipped)
	var deletes []string
	for _, w := range second.writes() {
		if strings.HasPrefix(w, "delete") {
			deletes = append(deletes, w)
		}
	}
	assert.Len(t, deletes, 1)
	assert.True(t, slices.ContainsFunc(deletes, func(s string) bool { return strings.HasPrefix(s, "delete deployments/worker ") }), deletes)
	second.counted(t)
	web, err := client.Get(t.Context(), cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}, cluster.GetOptions{})
	require.NoError(t, err)
	containers, _, err := unstructured.NestedSlice(web.Object, "spec", "template", "spec", "containers")
	require.NoError(t, err)
	assert.Equal(t, "registry.example.com/shop/web:v2", containers[0].(map[string]any)["image"])
	replicas, _, err := unstructured.NestedInt64(web.Object, "spec", "replicas")
	require.NoError(t, err)
	assert.EqualValues(t, 3, replicas)

	// 6. Nothing is asked.
	assert.Empty(t, idle.requests)
	assert.Equal(t, []string{"writes 0, dry runs 0, reads 0, watches opened 0"}, idle.find(`^requests: (.*)$`))
}
