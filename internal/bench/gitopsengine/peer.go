package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/go-logr/logr"
	openapi "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	models "k8s.io/kube-openapi/pkg/util/proto"
)

// peer holds what is set up once for a cluster.
type peer struct {
	folder  string
	parser  *managedfields.GvkParser
	objects map[string][]*unstructured.Unstructured
	// warm says which requests have been made before.
	warm map[request]bool
}

// newPeer reads the server's OpenAPI document in the folder.
func newPeer(folder string) (*peer, error) {
	data, err := os.ReadFile(filepath.Join(folder, "openapi.pb"))
	if err != nil {
		return nil, err
	}
	var doc openapi.Document
	if err := proto.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	all, err := models.NewOpenAPIData(&doc)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	parser, err := managedfields.NewGVKParser(all, false)
	if err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	return &peer{folder: folder, parser: parser, objects: map[string][]*unstructured.Unstructured{}, warm: map[request]bool{}}, nil
}

// read returns the objects of a file, which holds one on each line.
func (p *peer) read(name string) ([]*unstructured.Unstructured, error) {
	if known, ok := p.objects[name]; ok {
		return known, nil
	}
	f, err := os.Open(filepath.Join(p.folder, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []*unstructured.Unstructured
	for dec := json.NewDecoder(bufio.NewReader(f)); ; {
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		obj := &unstructured.Unstructured{}
		if err := obj.UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		out = append(out, obj)
	}
	p.objects[name] = out
	return out, nil
}

// measure compares all pairs of a request.
func (p *peer) measure(r request) (*response, error) {
	desired, err := p.read(r.Desired)
	if err != nil {
		return nil, err
	}
	live, err := p.read(r.Live)
	if err != nil {
		return nil, err
	}
	if len(desired) != len(live) {
		return nil, fmt.Errorf("%d desired objects and %d live ones", len(desired), len(live))
	}
	options := []diff.Option{
		diff.WithLogr(logr.Discard()),
		diff.WithNormalizer(diff.GetNoopNormalizer()),
		diff.WithStructuredMergeDiff(r.Structured),
		diff.WithGVKParser(p.parser),
		diff.WithManager("bench"),
	}
	if kind := (request{Desired: r.Desired, Live: r.Live, Structured: r.Structured}); !p.warm[kind] {
		p.warm[kind] = true
		for i := range min(len(desired), 20) {
			if _, err := diff.Diff(desired[i], live[i], options...); err != nil {
				return nil, err
			}
		}
	}
	runtime.GOMAXPROCS(1)
	var out response
	results := make([]*diff.DiffResult, len(desired))
	heap := settled()
	before, err := spent()
	if err != nil {
		return nil, err
	}
	for range r.Passes {
		for i := range desired {
			result, err := diff.Diff(desired[i], live[i], options...)
			if err != nil {
				return nil, fmt.Errorf("compare %s %s: %w", desired[i].GetKind(), desired[i].GetName(), err)
			}
			results[i] = result
			out.Compared++
			if result.Modified {
				out.Modified++
			}
		}
	}
	after, err := spent()
	if err != nil {
		return nil, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	out.Time = after - before
	out.Allocations, out.Bytes = int64(m.Mallocs-heap.Mallocs), int64(m.TotalAlloc-heap.TotalAlloc)
	held := settled()
	out.Held = int64(held.HeapAlloc) - int64(heap.HeapAlloc)
	runtime.KeepAlive(results)
	return &out, nil
}

// settled returns the state of the heap after a collection.
func settled() runtime.MemStats {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools let go in the first
	runtime.ReadMemStats(&m)
	return m
}

// spent returns the processor time of this process in nanoseconds.
func spent() (int64, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return usage.Utime.Nano() + usage.Stime.Nano(), nil
}
