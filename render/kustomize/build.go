package kustomize

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster"
)

// originAnnotation is what kustomize notes origins in.
const originAnnotation = "config.kubernetes.io/origin"

// build runs kustomize and returns the objects with their origins.
func (w *walker) build(top *target) (objects []*unstructured.Unstructured, origins []cluster.Origin, err error) {
	err = withSchema(w.alone, func() error {
		if objects, err = w.run(top); err != nil {
			return err
		}
		var certain bool
		if origins, certain = w.traced(top, objects); certain {
			return nil
		}
		// Something renames resources in a way that only kustomize can follow. Its notes are annotations, which may show in the result, so
		// they come from another run.
		notes, err := w.annotated(top)
		if err != nil || !sameRefs(objects, notes) {
			notes = objects
		}
		origins = w.origins(top, notes)
		return nil
	})
	return objects, origins, err
}

// annotated runs kustomize on the kustomization with origin annotations asked for.
func (w *walker) annotated(top *target) ([]*unstructured.Unstructured, error) {
	var k map[string]json.RawMessage
	if err := yaml.Unmarshal(top.data, &k); err != nil {
		return nil, err
	}
	for key := range k {
		if strings.EqualFold(key, "buildMetadata") {
			delete(k, key)
		}
	}
	meta, err := json.Marshal(append(slices.Clone(top.k.BuildMetadata), types.OriginAnnotations))
	if err != nil {
		return nil, err
	}
	k["buildMetadata"] = meta
	data, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	w.files.instead = map[string][]byte{top.file: data}
	defer func() { w.files.instead = nil }()
	return w.run(top)
}

// run runs kustomize once.
func (w *walker) run(top *target) (objects []*unstructured.Unstructured, err error) {
	defer func() {
		if p := recover(); p != nil {
			objects, err = nil, fmt.Errorf("kustomize panicked: %v", p)
		}
	}()
	opts := krusty.MakeDefaultOptions()
	// What the command does too: the order that the kustomization asks for in sortOptions, else kustomize's legacy order.
	opts.Reorder = krusty.ReorderOptionUnspecified
	if w.opts.AllowOutside {
		opts.LoadRestrictions = types.LoadRestrictionsNone
	}
	at := mount
	if top.dir != "." {
		at = mount + "/" + top.dir
	}
	found, err := krusty.MakeKustomizer(opts).Run(w.files, at)
	if err != nil {
		return nil, err
	}
	return decode(found)
}

// decode goes through JSON, as kustomize's own output does.
func decode(found resmap.ResMap) ([]*unstructured.Unstructured, error) {
	objects := make([]*unstructured.Unstructured, 0, found.Size())
	for _, res := range found.Resources() {
		data, err := res.MarshalJSON()
		if err != nil {
			return nil, err
		}
		obj := &unstructured.Unstructured{}
		if err := utiljson.Unmarshal(data, &obj.Object); err != nil {
			return nil, err
		}
		objects = append(objects, obj)
	}
	return objects, nil
}

// shared guards kustomize's OpenAPI schema, which is one for the process: its readers take no lock, so it is complete before they share
// it, and nobody reads while it is another.
var shared struct {
	sync.RWMutex
	warm bool
}

// withSchema calls f while kustomize's schema is the built-in one, or, for f that changes it, alone.
func withSchema(alone bool, f func() error) error {
	if alone {
		shared.Lock()
		defer shared.Unlock()
		shared.warm = false
		openapi.ResetOpenAPI()
		defer openapi.ResetOpenAPI()
		return f()
	}
	shared.RLock()
	for !shared.warm {
		shared.RUnlock()
		shared.Lock()
		if !shared.warm {
			openapi.ResetOpenAPI()
			openapi.Schema()
			shared.warm = true
		}
		shared.Unlock()
		shared.RLock()
	}
	defer shared.RUnlock()
	return f()
}
