package diff

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// PathString is how paths are written.
var PathString = pathString

// Merged compares without the quick answer.
func (c *Comparer) Merged(d *Desired, live *unstructured.Unstructured) (*Comparison, error) {
	return newComparing(c, d).merged(live)
}

// Quick says whether there is a quick answer.
func (c *Comparer) Quick(d *Desired, live *unstructured.Unstructured) bool {
	return c.inSync(d, live) != nil
}
