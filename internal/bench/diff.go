package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/diff"
)

// diffArea measures package diff next to gitops-engine, the library in Argo CD.
func diffArea(o options) *area {
	l := &diffLab{lab: &lab{scale: o.scale}}
	one := func(name, unit string, ours func(s *sample) measure, theirs request) benchmark {
		b := benchmark{name: name, unit: unit, setpoint: l.with(l.deployments, ours)}
		if theirs.Desired != "" {
			b.peer = l.ask(l.deployments, theirs, unit)
		}
		return b
	}
	many := func(name, unit string, ours func(s *sample) measure, theirs request) benchmark {
		b := benchmark{name: name, unit: unit, once: true, setpoint: l.with(l.tenThousand, ours)}
		if theirs.Desired != "" {
			b.peer = l.ask(l.tenThousand, theirs, unit)
		}
		return b
	}
	synced, structured := request{Desired: "desired", Live: "live"}, request{Desired: "desired", Live: "live", Structured: true}
	image, structuredImage := request{Desired: "changed", Live: "live"}, request{Desired: "changed", Live: "live", Structured: true}
	taken := request{Desired: "desired", Live: "moved", Structured: true}
	return &area{
		peer: "gitops-engine",
		cases: []benchmark{
			one("200 Deployments in sync; gitops-engine's default mode", "µs an object", (*sample).inSync, synced),
			one("200 Deployments in sync; gitops-engine's structured mode", "µs an object", (*sample).inSync, structured),
			one("200 Deployments in sync, each prepared too; gitops-engine's default mode", "µs an object", (*sample).preparing, synced),
			one("200 Deployments in sync: allocations; gitops-engine's default mode", "1 an object", (*sample).inSyncAllocations, synced),
			one("200 Deployments, each differs in an image; gitops-engine's default mode", "µs an object", (*sample).differs, image),
			one("200 Deployments, each differs in an image; gitops-engine's structured mode", "µs an object", (*sample).differs, structuredImage),
			one("200 Deployments, each differs in an image: allocations; gitops-engine's default mode", "1 an object", (*sample).differsAllocations, image),
			one("200 Deployments, each differs in what another manager took; gitops-engine's structured mode", "µs an object", (*sample).taken, taken),
			one("the same Deployment against the same live object again", "µs an object", (*sample).again, request{}),
			many("10,000 objects of ten kinds: prepare", "ms", (*sample).prepareAll, request{}),
			many("10,000 objects of ten kinds in sync: first pass; gitops-engine's default mode", "ms", (*sample).firstPass, synced),
			many("10,000 objects of ten kinds in sync: second pass, nothing moved; gitops-engine's default mode", "ms", (*sample).secondPass, synced),
			many("10,000 objects of ten kinds: second pass, 1% differs; gitops-engine's default mode", "ms", (*sample).movedPass, request{Desired: "desired", Live: "moved"}),
			many("10,000 objects of ten kinds: memory of what was prepared", "MB", (*sample).preparedMemory, request{}),
			many("10,000 objects of ten kinds in sync: memory of the results; gitops-engine's default mode", "MB", (*sample).resultMemory, synced),
		},
		notes: []string{
			"Both compare the same objects, decoded beforehand: the desired ones, and what kube-apiserver held after it had applied them and a controller had written the status of the Deployments. Schemas are those of that server, read beforehand. Each side runs with GOMAXPROCS=1, and times are its processor time, garbage collection included.",
			"The peer is github.com/argoproj/gitops-engine at v0.7.1-0.20251006172252-b89b0871b414, without normalizers. Its structured mode merges as a server-side apply does; its default mode does not know who owns a field. Server-side diff, which asks the server, is off. It keeps nothing between comparisons.",
			"A desired object is prepared once and compared whenever the live one may have moved; where a case does not say that it prepares, that was done before. A first comparison gets a live object that was not compared before.",
			"In what another manager took, that manager has updated the number of replicas, which ours had applied. Of the ten kinds it is a label.",
			"Memory is what the live heap grew by.",
		},
		close: l.Close,
	}
}

// diffLab holds what the cases share.
type diffLab struct {
	*lab
	mu       sync.Mutex
	few, lot *sample
}

// Close ends the peers and the control plane.
func (l *diffLab) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range []*sample{l.few, l.lot} {
		if s != nil {
			s.Close()
		}
	}
	l.lab.Close()
}

// deployments returns the sample of Deployments.
func (l *diffLab) deployments(ctx context.Context) (*sample, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.few == nil {
		l.few, err = l.sample(ctx, tenKinds[4:5], l.compared, 1)
	}
	return l.few, err
}

// tenThousand returns the sample of ten kinds.
func (l *diffLab) tenThousand(ctx context.Context) (*sample, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.lot == nil {
		l.lot, err = l.sample(ctx, tenKinds, l.perKind, 100)
	}
	return l.lot, err
}

// with takes a measure of a sample.
func (l *diffLab) with(get func(context.Context) (*sample, error), m func(*sample) measure) measure {
	return func(ctx context.Context) (float64, error) {
		s, err := get(ctx)
		if err != nil {
			return 0, err
		}
		return onOneCore(m(s))(ctx)
	}
}

// ask has the peer take a measure of a sample.
func (l *diffLab) ask(get func(context.Context) (*sample, error), r request, unit string) measure {
	return func(ctx context.Context) (float64, error) {
		s, err := get(ctx)
		if err != nil {
			return 0, err
		}
		r.Passes = 1
		answer, err := s.ask(ctx, r)
		if err != nil {
			return 0, err
		}
		switch unit {
		case "µs an object":
			return float64(answer.Time) / 1e3 / float64(answer.Compared), nil
		case "1 an object":
			return float64(answer.Allocations) / float64(answer.Compared), nil
		case "ms":
			return float64(answer.Time) / 1e6, nil
		}
		return float64(answer.Held) / (1 << 20), nil
	}
}

// comparer returns a comparer with the server's schemas.
func (s *sample) comparer() *diff.Comparer { return diff.New(manager, s.schemas, nil) }

// inSync returns the microseconds of a first comparison.
func (s *sample) inSync() measure { return s.comparing(s.desired, s.live, diff.Same, microseconds) }

func (s *sample) inSyncAllocations() measure {
	return s.comparing(s.desired, s.live, diff.Same, allocations)
}

func (s *sample) differs() measure {
	return s.comparing(s.changed, s.live, diff.Differs, microseconds)
}

func (s *sample) differsAllocations() measure {
	return s.comparing(s.changed, s.live, diff.Differs, allocations)
}

func (s *sample) taken() measure {
	return s.comparing(s.desired, s.moved, diff.Conflict, microseconds)
}

// comparing compares all objects in several passes. It has two copies of each live object and gives one of them in turn, so
// that no answer of an earlier pass will do.
func (s *sample) comparing(desired, live []*unstructured.Unstructured, want diff.Verdict, unit unit) measure {
	return func(context.Context) (float64, error) {
		c := s.comparer()
		prepared, err := c.PrepareAll(desired)
		if err != nil {
			return 0, err
		}
		turns := [][]*unstructured.Unstructured{live, copies(live)}
		pass := func(i int) error {
			for j, obj := range turns[i%2] {
				out, err := c.Compare(prepared[j], obj)
				if err != nil {
					return err
				}
				if out.Verdict != want {
					return fmt.Errorf("%s is %s, not %s", out.Ref, out.Verdict, want)
				}
			}
			return nil
		}
		if err := pass(1); err != nil {
			return 0, err
		}
		passes := s.passes
		if want != diff.Same {
			passes = max(passes/20, 1)
		}
		return unit(passes, len(desired), pass)
	}
}

// preparing returns the microseconds of a comparison together with the preparation of the desired object.
func (s *sample) preparing() measure {
	return func(context.Context) (float64, error) {
		c := s.comparer()
		return microseconds(max(s.passes/20, 1), len(s.desired), func(int) error {
			for i, obj := range s.desired {
				d, err := c.Prepare(obj)
				if err != nil {
					return err
				}
				if _, err := c.Compare(d, s.live[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// again returns the microseconds of a comparison with a live object that has not moved since the last one.
func (s *sample) again() measure {
	return func(context.Context) (float64, error) {
		c := s.comparer()
		prepared, err := c.PrepareAll(s.desired)
		if err != nil {
			return 0, err
		}
		pass := func(int) error {
			for i, d := range prepared {
				if _, err := c.Compare(d, s.live[i]); err != nil {
					return err
				}
			}
			return nil
		}
		if err := pass(0); err != nil {
			return 0, err
		}
		return microseconds(1000*max(s.passes/10, 1), len(prepared), pass)
	}
}

// copies returns deep copies.
func copies(objs []*unstructured.Unstructured) []*unstructured.Unstructured {
	out := make([]*unstructured.Unstructured, len(objs))
	for i, obj := range objs {
		out[i] = obj.DeepCopy()
	}
	return out
}

// unit does work in passes over n objects and says what an object took.
type unit func(passes, n int, pass func(i int) error) (float64, error)

// microseconds are those of processor time.
func microseconds(passes, n int, pass func(i int) error) (float64, error) {
	runtime.GC() // of what came before
	start, err := ownTime()
	if err != nil {
		return 0, err
	}
	for i := range passes {
		if err := pass(i); err != nil {
			return 0, err
		}
	}
	end, err := ownTime()
	return float64(end-start) / 1e3 / float64(passes*n), err
}

// allocations are those of the heap.
func allocations(passes, n int, pass func(i int) error) (float64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range passes {
		if err := pass(i); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(passes*n), nil
}
