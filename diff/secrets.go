package diff

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/redact"
)

// secrets is a mask of the Secrets of a set, with what it was made from. A loop compares the same objects again and again, and
// an answer holds no longer than its mask.
type secrets struct {
	from     []*unstructured.Unstructured
	versions []string
	mask     *redact.Mask
}

// secretsOf returns a mask of every Secret, whose values may stand in any of the objects. It is that of the last time when the
// Secrets are.
func (c *Comparer) secretsOf(desired []*Desired, live []*unstructured.Unstructured) *redact.Mask {
	var found secrets
	certain := true
	for _, d := range desired {
		if redact.IsSecret(d.obj) {
			found.from, found.versions = append(found.from, d.obj), append(found.versions, "")
		}
	}
	for _, obj := range live {
		if redact.IsSecret(obj) {
			v := version(obj)
			certain = certain && v != ""
			found.from, found.versions = append(found.from, obj), append(found.versions, v)
		}
	}
	if len(found.from) == 0 {
		return nil
	}
	if last := c.last.Load(); certain && last != nil && slices.Equal(last.from, found.from) && slices.Equal(last.versions, found.versions) {
		return last.mask
	}
	found.mask = redact.Of(found.from...)
	if certain {
		c.last.Store(&found)
	}
	return found.mask
}
