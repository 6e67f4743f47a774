package sync_test

import (
	"bytes"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
)

func events(evs ...setsync.Event) iter.Seq2[setsync.Event, error] {
	return func(yield func(setsync.Event, error) bool) {
		for _, ev := range evs {
			if !yield(ev, nil) {
				return
			}
		}
	}
}

var (
	deployment = cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}
	service    = cluster.Ref{Kind: "Service", Namespace: "shop", Name: "web"}
	story      = []setsync.Event{
		{Type: setsync.Skipped, Action: setsync.Skip, Ref: cluster.Ref{Group: "batch", Kind: "Job", Namespace: "shop", Name: "migrate"}, Message: "hooks are not run"},
		{Type: setsync.Started, Action: setsync.Create, Ref: service},
		{Type: setsync.Started, Action: setsync.Update, Ref: deployment},
		{Type: setsync.Done, Action: setsync.Create, Ref: service},
		{Type: setsync.Warning, Action: setsync.Update, Ref: deployment, Message: "unknown field \"spec.x\"\x1b[2J"},
		{Type: setsync.Done, Action: setsync.Update, Ref: deployment},
		{Type: setsync.Started, Action: setsync.Gate, Step: "gate/wave/0", Message: "what comes after wave 0 waits"},
		{Type: setsync.HealthChanged, Action: setsync.Gate, Ref: deployment, Health: health.Result{Status: health.Progressing}, Message: "1 of 2 replicas"},
		{Type: setsync.HealthChanged, Action: setsync.Gate, Ref: deployment, Health: health.Result{Status: health.Healthy}, Message: "2 of 2 replicas"},
		{Type: setsync.Done, Action: setsync.Gate, Step: "gate/wave/0"},
		{Type: setsync.Failed, Action: setsync.Prune, Ref: service, Err: errors.New("prune Service shop/old: forbidden")},
		{Type: setsync.Blocked, Action: setsync.Gate, Step: "gate/prune/wave/1", Message: "it needs prune/Service/shop/old"},
	}
)

func TestProgressLines(t *testing.T) {
	var out bytes.Buffer
	p := setsync.NewProgress(&out, nil, nil)
	r, err := setsync.Drain(p.Follow(events(story...)))
	assert.EqualError(t, err, "prune Service shop/old: forbidden")
	assert.Equal(t, 1, r.Created)
	assert.NoError(t, p.Err())
	assert.Equal(t, strings.TrimPrefix(`
skipped Job shop/migrate: hooks are not run
created Service shop/web
warning Deployment shop/web: unknown field "spec.x" [2J
updated Deployment shop/web
wait    what comes after wave 0 waits
health  Deployment shop/web is Progressing: 1 of 2 replicas
health  Deployment shop/web is Healthy
failed  prune Service shop/old: forbidden
blocked gate/prune/wave/1: it needs prune/Service/shop/old
`, "\n"), out.String())
}

// screen plays a terminal that knows the two sequences in use.
func screen(raw string) []string {
	lines := []string{""}
	for raw != "" {
		if rest, ok := strings.CutPrefix(raw, "\x1b["); ok {
			end := strings.IndexAny(rest, "AJ")
			if rest[end] == 'A' {
				n := int(rest[0] - '0')
				lines = lines[:len(lines)-n]
				lines[len(lines)-1] = ""
			}
			raw = rest[end+1:]
			continue
		}
		if raw[0] == '\n' {
			lines = append(lines, "")
		} else {
			lines[len(lines)-1] += raw[:1]
		}
		raw = raw[1:]
	}
	return lines
}

// On a terminal the bar is always last, lists what is waited for, and is gone at the end.
func TestProgressBar(t *testing.T) {
	live := true
	var out bytes.Buffer
	p := setsync.NewProgress(&out, nil, &setsync.ProgressOptions{Live: &live, Width: 60, Lines: 1})
	waiting := []setsync.Event{
		{Type: setsync.HealthChanged, Ref: deployment, Health: health.Result{Status: health.Progressing, Message: "1 of 2 replicas are available, and this is a long story"}},
		{Type: setsync.HealthChanged, Ref: service, Health: health.Result{Status: health.Progressing, Message: "no address"}},
	}
	var at []string
	for ev, err := range p.Follow(events(append(story[:6:6], waiting...)...)) {
		assert.NoError(t, err)
		if ev.Ref == service && ev.Type == setsync.HealthChanged {
			at = screen(out.String())
		}
	}
	assert.Equal(t, []string{
		"skipped Job shop/migrate: hooks are not run",
		"created Service shop/web",
		"warning Deployment shop/web: unknown field \"spec.x\" [2J",
		"updated Deployment shop/web",
		"  Service shop/web is Progressing: no address",
		"  … and 1 more",
		"",
	}, at)
	assert.Equal(t, []string{"updated Deployment shop/web", ""}, screen(out.String())[3:])
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestProgressTellsOfItsWriter(t *testing.T) {
	p := setsync.NewProgress(brokenWriter{}, nil, nil)
	_, err := setsync.Drain(p.Follow(events(story[3])))
	assert.NoError(t, err, "the run is not harmed")
	assert.EqualError(t, p.Err(), "closed")
}
