package diff

import (
	"bytes"
	"encoding/json"
	"errors"

	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
)

// kubectl is the field manager by whose applies a server takes over what client-side applies have left: the annotation with the
// manifest that was applied last. The rules are those of the managers lastApplied and lastAppliedUpdater in
// k8s.io/apimachinery/pkg/util/managedfields/internal.
const (
	kubectl     = "kubectl"
	lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
)

// annotated returns the manifest that a client-side apply has left, empty when there is none.
func annotated(obj map[string]any) string {
	metadata, _ := obj["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	text, _ := annotations[lastApplied].(string)
	return text
}

// leftToUs returns the fields over which there is no conflict, because a client-side apply has left them as they are. It is
// empty for managers other than kubectl, and where the manifest cannot be read as an object of the same version.
func (w *comparing) leftToUs() *fieldpath.Set {
	none := fieldpath.NewSet()
	text := annotated(w.live)
	if w.c.manager != kubectl || text == "" {
		return none
	}
	var last unstructured.Unstructured
	if json.Unmarshal([]byte(text), &last) != nil || last.GetAPIVersion() != w.d.obj.GetAPIVersion() {
		return none
	}
	left, err := fieldsLeft(w.d.kind.Type, last.Object, w.live)
	if err != nil {
		return none
	}
	return left
}

func fieldsLeft(of typed.ParseableType, last, live map[string]any) (*fieldpath.Set, error) {
	was, err := of.FromUnstructured(last)
	if err != nil {
		return nil, err
	}
	is, err := of.FromUnstructured(live)
	if err != nil {
		return nil, err
	}
	set, err := was.ToFieldSet()
	if err != nil {
		return nil, err
	}
	c, err := was.Compare(is)
	if err != nil {
		return nil, err
	}
	return set.Difference(c.Modified).Difference(c.Added).Difference(c.Removed), nil
}

// annotate puts the manifest of our apply in the place of the one that a client-side apply has left, as servers do for kubectl,
// so that the next client-side apply goes on from there.
func (w *comparing) annotate(content map[string]any) (map[string]any, error) {
	if w.c.manager != kubectl || annotated(content) == "" {
		return content, nil
	}
	text, err := w.d.manifest()
	if err != nil {
		return nil, err
	}
	content, _ = clone(content).(map[string]any)
	metadata, _ := content["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	annotations[lastApplied] = text
	all := make(map[string]string, len(annotations))
	for k, v := range annotations {
		all[k], _ = v.(string)
	}
	if validation.ValidateAnnotationsSize(all) != nil {
		delete(annotations, lastApplied)
	}
	return content, nil
}

// manifest returns the object as a server writes it into the annotation.
func (d *Desired) manifest() (string, error) {
	content, ok := clone(d.obj.Object).(map[string]any)
	if !ok {
		return "", errors.New("write the manifest: there is no object")
	}
	if metadata, ok := content["metadata"].(map[string]any); ok {
		annotations, ok := metadata["annotations"].(map[string]any)
		delete(annotations, lastApplied)
		if !ok {
			delete(metadata, "annotations")
		}
	}
	var out bytes.Buffer
	if err := unstructured.UnstructuredJSONScheme.Encode(&unstructured.Unstructured{Object: content}, &out); err != nil {
		return "", err
	}
	return out.String(), nil
}
