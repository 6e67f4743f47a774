package differential_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// documented is a difference that is known and stays: one schema path or rule. The package doc of cluster/memory tells of each.
type documented struct {
	what string
	// source is where Kubernetes v1.37.1 does what memory does not.
	source string
	// covers reports whether a difference is this one.
	covers func(p *player, o operation, found string) bool
	// shows makes the difference happen.
	shows func(p *player) []string
	kind  string
}

const maxDocumented = 15

func documentedDifferences() []documented {
	return []documented{
		{
			what:   "a write of a PersistentVolumeClaim that changes nothing moves the time of its entry in managedFields",
			source: "pkg/registry/core/persistentvolumeclaim/storage/storage.go",
			kind:   "PersistentVolumeClaim",
			covers: func(p *player, _ operation, found string) bool {
				return p.kind.kind == "PersistentVolumeClaim" && found == "written: true, in memory false"
			},
			shows: func(p *player) []string {
				p.vacate()
				p.do(operation{
					verb: "create", method: "POST", path: p.sample.path + "?fieldManager=one", media: mediaJSON, body: encoded(p.kind.object(p.sample, p.n)),
				})
				o := operation{verb: "merge patch", method: "PATCH", path: p.path() + "?fieldManager=one", media: mediaMerge, body: []byte(`{}`)}
				for start := time.Now(); time.Since(start) < waitForWrites; { // until it is another second at the latest
					_, found := p.ask(o)
					if found = append(found, p.look(o)...); len(found) > 0 {
						return found
					}
				}
				return nil
			},
		},
		{
			what:   "an empty list of webhooks in place of none moves metadata.generation of a webhook configuration",
			source: "pkg/registry/admissionregistration/validatingwebhookconfiguration/strategy.go",
			kind:   "ValidatingWebhookConfiguration",
			covers: func(p *player, _ operation, found string) bool {
				return strings.HasSuffix(p.kind.kind, "WebhookConfiguration") &&
					(strings.Contains(found, "/metadata/generation: ") || found == "written: true, in memory false")
			},
			shows: func(p *player) []string {
				p.vacate()
				obj := p.kind.object(p.sample, p.n)
				delete(obj, "webhooks")
				p.do(operation{verb: "create", method: "POST", path: p.sample.path, media: mediaJSON, body: encoded(obj)})
				_, found := p.ask(operation{verb: "merge patch", method: "PATCH", path: p.path(), media: mediaMerge, body: []byte(`{"webhooks":[]}`)})
				return found
			},
		},
		{
			what:   "a strategic merge patch with empty labels in place of none moves the time of the manager's entry, and is a write by that",
			source: "staging/src/k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager/equality.go",
			kind:   "Job",
			covers: func(_ *player, o operation, found string) bool {
				return o.media == mediaStrategic && bytes.Contains(o.body, []byte(`"labels":{}`)) && found == "written: true, in memory false"
			},
			shows: func(p *player) []string {
				p.vacate()
				obj := p.kind.object(p.sample, p.n)
				delete(obj["metadata"].(map[string]any), "labels")
				p.do(operation{verb: "create", method: "POST", path: p.sample.path + "?fieldManager=one", media: mediaJSON, body: encoded(obj)})
				o := operation{
					verb: "strategic patch", method: "PATCH", path: p.path() + "?fieldManager=one", media: mediaStrategic,
					body: []byte(`{"metadata":{"labels":{}}}`),
				}
				for start := time.Now(); time.Since(start) < waitForWrites; { // until it is another second at the latest
					_, found := p.ask(o)
					if found = append(found, p.look(o)...); len(found) > 0 {
						return found
					}
				}
				return nil
			},
		},
		{
			what:   "an update that writes a quantity in another form of its value takes ownership of it",
			source: "staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go",
			kind:   "HorizontalPodAutoscaler",
			covers: func(*player, operation, string) bool { return false }, // no sample writes a quantity in two forms
			shows: func(p *player) []string {
				p.certain = true
				p.vacate()
				p.create()
				_, found := p.ask(operation{
					verb: "update", method: "PUT", path: p.path() + "?fieldManager=other", media: mediaJSON,
					from: p.editing(func(obj map[string]any) { setAt(obj, "/spec/metrics/1/pods/target/averageValue", "1000") }),
				})
				return found
			},
		},
		{
			what:   "a name that no Service may have is refused by the allocator of addresses before it is validated",
			source: "pkg/registry/core/service/storage/alloc.go",
			kind:   "Service",
			covers: func(p *player, o operation, _ string) bool {
				return p.kind.kind == "Service" && (o.verb == "bad name" || o.verb == "bad no name")
			},
			shows: func(p *player) []string {
				p.vacate()
				obj := p.kind.object(p.sample, p.n)
				setAt(obj, "/metadata/name", "Not/A_Name")
				_, found := p.ask(operation{verb: "bad name", method: "POST", path: p.sample.path, media: mediaJSON, body: encoded(obj)})
				return found
			},
		},
	}
}

// unexpected drops the differences that are documented.
func unexpected(p *player, o operation, found []string) []string {
	var out []string
	for _, f := range found {
		// That a value is refused, and with which code and reason, is the rule; which of its faults are listed is not compared.
		known := o.verb == "bad value" && (strings.HasPrefix(f, "/details/causes") || strings.HasPrefix(f, "/message"))
		for _, d := range documentedDifferences() {
			known = known || d.covers(p, o, f)
		}
		if !known {
			out = append(out, f)
		}
	}
	return out
}

// A difference that no longer occurs has to leave the list.
func TestDocumentedDifferences(t *testing.T) {
	assert.LessOrEqual(t, len(documentedDifferences()), maxDocumented)
	cluster := kubetest.Shared(t, nil)
	sides := newSides(t, cluster)
	kinds := subjects(t, cluster, sides)
	for _, d := range documentedDifferences() {
		t.Run(d.what, func(t *testing.T) {
			for _, k := range kinds {
				if k.kind == d.kind {
					p := newPlayer(t, sides, k, 1, newTally())
					p.sample = k.versions[0]
					assert.NotEmpty(t, d.shows(p), "%s: %s no longer differs", d.source, d.kind)
				}
			}
		})
	}
}
