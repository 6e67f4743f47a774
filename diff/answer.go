package diff

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/redact"
)

// answer is a comparison that holds for as long as the live object is the very same one, in the same version. A loop that reads
// from a view gets the same objects again and again.
type answer struct {
	c       *Comparer
	live    *unstructured.Unstructured
	version string
	also    *redact.Mask
	out     *Comparison
}

// remembered returns the answer of the last time, nil when the question is another one.
func (d *Desired) remembered(c *Comparer, live *unstructured.Unstructured, also *redact.Mask) *Comparison {
	a := d.last.Load()
	if a == nil || a.live != live || a.c != c || a.version != version(live) {
		return nil
	}
	if a.also != also && a.out.before != nil {
		return nil // It shows values. A quick answer has none.
	}
	return a.out
}

// remember keeps an answer. What is not certain may become so when a schema arrives, and an object without a version may change
// without showing it.
func (d *Desired) remember(c *Comparer, live *unstructured.Unstructured, also *redact.Mask, out *Comparison) {
	v := version(live)
	if v == "" || len(out.Unsure) > 0 {
		return
	}
	d.last.Store(&answer{c: c, live: live, version: v, also: also, out: out})
}

func version(live *unstructured.Unstructured) string {
	m, _ := live.Object["metadata"].(map[string]any)
	v, _ := m["resourceVersion"].(string)
	return v
}
