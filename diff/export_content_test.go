package diff

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
)

// Content returns what the merge of an apply comes to before the server stores it.
func (c *Comparer) Content(d *Desired, live *unstructured.Unstructured) (map[string]any, error) {
	w := newComparing(c, d, nil)
	managed, err := decode(live, c.manager)
	if err != nil {
		return nil, err
	}
	w.managed, w.live = managed, reach(live, d.kind)
	typed, err := d.kind.Type.FromUnstructured(w.live, typed.AllowDuplicates)
	if err != nil {
		return nil, err
	}
	result, _, err := w.merge(typed)
	if err != nil {
		return nil, err
	}
	return result.content, nil
}
