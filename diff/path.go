package diff

import (
	"strconv"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/value"
)

// pathString writes a path as people read it: .spec.containers[name="web"].image, .metadata.labels["app.kubernetes.io/name"].
func pathString(p fieldpath.Path) string {
	var b strings.Builder
	for _, e := range p {
		switch {
		case e.FieldName != nil && plain(*e.FieldName):
			b.WriteByte('.')
			b.WriteString(*e.FieldName)
		case e.FieldName != nil:
			b.WriteByte('[')
			b.WriteString(strconv.Quote(*e.FieldName))
			b.WriteByte(']')
		case e.Key != nil:
			b.WriteByte('[')
			for i, f := range *e.Key {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(f.Name)
				b.WriteByte('=')
				b.WriteString(value.ToString(f.Value))
			}
			b.WriteByte(']')
		case e.Value != nil:
			b.WriteString("[=")
			b.WriteString(value.ToString(*e.Value))
			b.WriteByte(']')
		case e.Index != nil:
			b.WriteByte('[')
			b.WriteString(strconv.Itoa(*e.Index))
			b.WriteByte(']')
		}
	}
	return b.String()
}

// plain says whether a field name needs no quotes.
func plain(name string) bool {
	if name == "" {
		return false
	}
	for _, r := range name {
		if r != '_' && r != '-' && r != '$' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return true
}
