package schema

// Requires says whether the kind's schema requires the field at a path. The path is made of field names; an item of a list, or a
// value of a map, is any name.
func (k *Kind) Requires(path []string) bool {
	s := k.definition
	for i, name := range path {
		if s == nil {
			return false
		}
		s = k.resolve(s)
		property, ok := s.Properties[name]
		switch {
		case ok:
			if i == len(path)-1 {
				for _, required := range s.Required {
					if required == name {
						return true
					}
				}
				return false
			}
			s = &property
		case s.Items != nil && s.Items.Schema != nil:
			s = s.Items.Schema
		case s.AdditionalProperties != nil:
			s = s.AdditionalProperties.Schema
		default:
			return false
		}
	}
	return false
}
