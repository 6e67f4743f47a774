package diff

import (
	"strings"
	"unicode"
)

// placed names the object of a comparison, and where it comes from when that is known.
func placed(c *Comparison) string {
	if from := c.Origin.String(); from != "" {
		return c.Ref.String() + " (" + from + ")"
	}
	return c.Ref.String()
}

// elsewhere says that a field comes from a place that the object's own does not tell.
func elsewhere(c *Comparison, change Change) bool {
	return change.Origin != c.Origin && change.Origin.String() != ""
}

// oneLine keeps a text from ending the line that it stands in.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unwritable(r) {
			return '�'
		}
		return r
	}, text)
}
