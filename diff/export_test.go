package diff

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
)

// PathString is how paths are written.
var PathString = pathString

// Merged compares without the quick answer, by the merge of structured-merge-diff.
func (c *Comparer) Merged(d *Desired, live *unstructured.Unstructured) (*Comparison, error) {
	w := newComparing(c, d, nil)
	w.thorough = true
	return w.merged(live)
}

// Overlaid says whether the merge is a simple one.
func (c *Comparer) Overlaid(d *Desired, live *unstructured.Unstructured) bool {
	w := newComparing(c, d, nil)
	w.live = reach(live, d.kind)
	quick, err := w.read(live)
	return err == nil && quick != nil
}

// Quick says whether there is a quick answer.
func (c *Comparer) Quick(d *Desired, live *unstructured.Unstructured) bool {
	return c.inSync(d, live) != nil
}

// Locate finds the fields that the rules of the comparer name in a document of the kind of d.
func (c *Comparer) Locate(d *Desired, doc *unstructured.Unstructured) []fieldpath.Path {
	places, _ := c.ignore.places(d.ignore, d.kind, reach(doc, d.kind))
	var out []fieldpath.Path
	for _, p := range places {
		out = append(out, p.path)
	}
	return out
}

// At returns the value at a path.
func At(v any, p fieldpath.Path) (any, bool) { return at(v, p) }

// Managers returns the managers that the rules for d name.
func (c *Comparer) Managers(d *Desired) []string {
	var out []string
	for _, r := range d.ignore {
		out = append(out, r.Managers...)
	}
	return out
}

// Kept is the size of the answers that are kept.
func Kept(s *Confirmer) int { return s.answers.size }

// Documents returns the live object and what it would become, as the unified form writes them.
func Documents(c *Comparison) (before, after string) {
	old, new := c.sides()
	a, errOld := document(old)
	b, errNew := document(new)
	if errOld != nil || errNew != nil {
		return "", ""
	}
	return strings.Join(a, "\n") + "\n", strings.Join(b, "\n") + "\n"
}

// Hunk is a hunk with its fields exported.
type Hunk struct {
	Same           bool
	I1, I2, J1, J2 int
}

// Hunks divides two texts.
func Hunks(a, b []string) []Hunk {
	var out []Hunk
	for _, h := range hunks(a, b) {
		out = append(out, Hunk{h.same, h.i1, h.i2, h.j1, h.j2})
	}
	return out
}
