package check

import "k8s.io/apimachinery/pkg/util/validation/field"

// place is where in an object a walk is. Most objects have no fault, so that its path is only made when somebody asks for it.
type place []step

// step leads to a field, to an element of a list, or to one of a map.
type step struct {
	kind  byte
	name  string
	at    int
	known *field.Path
}

const (
	toField   = '.'
	toElement = '['
	toKey     = '{'
)

func (p *place) field(name string) { *p = append(*p, step{kind: toField, name: name}) }
func (p *place) index(i int)       { *p = append(*p, step{kind: toElement, at: i}) }
func (p *place) key(key string)    { *p = append(*p, step{kind: toKey, name: key}) }

// up goes back to where the last step was taken.
func (p *place) up() { *p = (*p)[:len(*p)-1] }

// path is the place as faults tell it, nil for the object itself.
func (p place) path() *field.Path {
	var path *field.Path
	for i := range p {
		s := &p[i]
		if s.known == nil {
			s.known = s.from(path)
		}
		path = s.known
	}
	return path
}

func (s *step) from(path *field.Path) *field.Path {
	switch {
	case s.kind == toElement:
		return path.Index(s.at)
	case s.kind == toKey:
		return path.Key(s.name)
	case path == nil:
		return field.NewPath(s.name)
	}
	return path.Child(s.name)
}

// general appends the place in all objects of the kind, as rules name it: without saying which element.
func (p place) general(dst []byte) []byte {
	for i, s := range p {
		switch s.kind {
		case toElement:
			dst = append(dst, "[]"...)
		case toKey:
			dst = append(dst, "{}"...)
		default:
			if i > 0 {
				dst = append(dst, '.')
			}
			dst = append(dst, s.name...)
		}
	}
	return dst
}
