package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
	"github.com/setpoint-dev/setpoint/render/plain"
	"github.com/setpoint-dev/setpoint/source"
	setsync "github.com/setpoint-dev/setpoint/sync"
)

// delivery is the pipeline from a source to a cluster.
type delivery struct {
	out         io.Writer
	source      source.Fetcher
	path        string
	kubeVersion string
	engine      *setsync.Engine

	// rendered is what desired returned last: as long as the source has not moved there is nothing to render.
	rendered setsync.Desired
	digest   string
}

// desired fetches and renders the newest revision, or returns what it has when that is the newest.
func (d *delivery) desired(ctx context.Context) (setsync.Desired, error) {
	if r, ok := d.source.(source.Resolver); ok && d.digest != "" {
		newest, err := r.Resolve(ctx)
		if err != nil {
			return setsync.Desired{}, err
		}
		if newest.Digest == d.digest {
			return d.rendered, nil
		}
	}
	snapshot, err := d.source.Fetch(ctx, source.Revision{})
	if err != nil {
		return setsync.Desired{}, err
	}
	defer snapshot.Close()
	renderer := render.Auto{Plain: plain.New(&plain.Options{Recurse: true}), Kustomize: kustomize.New(nil)}
	result, err := renderer.Render(ctx, render.Input{FS: snapshot.FS, Path: d.path, KubeVersion: d.kubeVersion})
	if err != nil {
		return setsync.Desired{}, err
	}
	for _, w := range result.Warnings {
		fmt.Fprintln(d.out, "warning:", w)
	}
	title := snapshot.Revision.String()
	if c := snapshot.Commit; c != nil {
		title += fmt.Sprintf(" (%s, by %s)", firstLine(c.Message), c.Author)
	}
	fmt.Fprintf(d.out, "revision %s: %d objects\n", title, len(result.Objects))
	d.digest = snapshot.Revision.Digest
	d.rendered = setsync.Desired{
		Objects:  result.Objects,
		Origins:  result.Origins,
		Revision: snapshot.Revision.String(),
		Complete: true,
	}
	return d.rendered, nil
}

// plan compares the newest revision with the cluster. A repeated call on an unchanged world costs no request when the
// engine reads from a live view.
func (d *delivery) plan(ctx context.Context) (*setsync.Plan, error) {
	desired, err := d.desired(ctx)
	if err != nil {
		return nil, err
	}
	return d.engine.Plan(ctx, desired)
}

// carryOut runs a plan and shows its progress, then waits until everything is as healthy as it gets.
func (d *delivery) carryOut(ctx context.Context, p *setsync.Plan) error {
	start := time.Now()
	states := p.Health()
	if p.Empty() && !slices.ContainsFunc(slices.Collect(maps.Values(states)), unhealthy) {
		d.health(start, states)
		return nil
	}
	progress := setsync.NewProgress(d.out, p, nil)
	if _, err := setsync.Drain(progress.Follow(d.engine.Run(ctx, p))); err != nil {
		return err
	}
	result, err := setsync.Drain(progress.Follow(d.engine.Wait(ctx, p)))
	d.health(start, result.Health)
	return err
}

func unhealthy(r health.Result) bool { return r.Status != health.Healthy }

// health prints what every object came to, the healthy ones by number only.
func (d *delivery) health(start time.Time, states map[cluster.Ref]health.Result) {
	count := map[health.Status]int{}
	for _, r := range states {
		count[r.Status]++
	}
	fmt.Fprintf(d.out, "health after %s: %s\n", time.Since(start).Round(10*time.Millisecond), tally(count))
	for _, ref := range slices.SortedFunc(maps.Keys(states), cluster.Ref.Compare) {
		if r := states[ref]; unhealthy(r) {
			fmt.Fprintf(d.out, "  %s is %s: %s\n", ref, r.Status, r.Message)
		}
	}
}

// tally returns "12 Healthy, 1 Progressing", the best state first.
func tally(count map[health.Status]int) string {
	var text string
	for _, s := range []health.Status{health.Healthy, health.Suspended, health.Progressing, health.Missing, health.Degraded, health.Unknown} {
		if count[s] > 0 {
			text += fmt.Sprintf(", %d %s", count[s], s)
		}
	}
	if text == "" {
		return "nothing to judge"
	}
	return text[2:]
}

// once makes one pass: plan, print, carry out.
func (d *delivery) once(ctx context.Context, planOnly bool) error {
	p, err := d.plan(ctx)
	if err != nil {
		return err
	}
	fmt.Fprint(d.out, p)
	if planOnly {
		return nil
	}
	return d.carryOut(ctx, p)
}

// follow makes passes until ctx ends. The cluster is looked at every interval, which costs no request, and the source every
// refetch. A pass that fails is reported and tried again; it stops nothing, and the same report is not repeated.
func (d *delivery) follow(ctx context.Context, interval, refetch time.Duration) error {
	var fetched time.Time
	var said string
	say := func(text string) bool {
		again := text == said
		said = text
		return !again
	}
	pass := func() error {
		var p *setsync.Plan
		var err error
		if d.digest == "" || time.Since(fetched) >= refetch {
			fetched = time.Now()
			p, err = d.plan(ctx)
		} else {
			p, err = d.engine.Plan(ctx, d.rendered)
		}
		if err != nil || p.Empty() {
			return err
		}
		if say(p.String()) {
			fmt.Fprint(d.out, p)
		}
		return d.carryOut(ctx, p)
	}
	for {
		err := pass()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && say(err.Error()) {
			fmt.Fprintln(d.out, "not in sync:", err)
		}
		timer := time.NewTimer(interval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

func firstLine(s string) string {
	for i := range s {
		if s[i] == '\n' {
			return s[:i]
		}
	}
	return s
}
