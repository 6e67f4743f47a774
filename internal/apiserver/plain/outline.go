package plain

// Outline reads of an object what says which it is and its metadata without managedFields: apiVersion, kind and metadata.
// The rest, most of an object, is stepped over.
func Outline(data []byte) (map[string]any, error) {
	p := parser{text: string(data)}
	if m, ok := p.outline(); ok {
		return m, nil
	}
	all, err := Decode(data)
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	for _, key := range outlined {
		if value, ok := all[key]; ok {
			m[key] = value
		}
	}
	if metadata, ok := m["metadata"].(map[string]any); ok {
		delete(metadata, "managedFields")
	}
	return m, nil
}

var outlined = []string{"apiVersion", "kind", "metadata"}

func (p *parser) outline() (map[string]any, bool) {
	m := map[string]any{}
	p.blanks()
	ok := p.fields(func(key string) bool {
		switch key {
		case "apiVersion", "kind":
			value, ok := p.value(0)
			m[key] = value
			return ok
		case "metadata":
			metadata := map[string]any{}
			m[key] = metadata
			return p.fields(func(key string) bool {
				if key == "managedFields" {
					return p.pass()
				}
				value, ok := p.value(0)
				metadata[key] = value
				return ok
			})
		}
		return p.pass()
	})
	p.blanks()
	return m, ok && p.at == len(p.text)
}

// fields calls field, which reads the value, for every key of an object.
func (p *parser) fields(field func(key string) bool) bool {
	if !p.skip('{') {
		return false
	}
	p.blanks()
	if p.skip('}') {
		return true
	}
	for {
		p.blanks()
		key, ok := p.string()
		if !ok {
			return false
		}
		p.blanks()
		if !p.skip(':') {
			return false
		}
		p.blanks()
		if !field(key) {
			return false
		}
		p.blanks()
		if p.skip(',') {
			continue
		}
		return p.skip('}')
	}
}

// pass steps over a value without a look at what is in it.
func (p *parser) pass() bool {
	open := 0
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '"':
			if !p.passString() {
				return false
			}
			if open == 0 {
				return true
			}
			continue
		case '{', '[':
			open++
		case '}', ']':
			if open == 0 {
				return true // the end of what holds a number or a word
			}
			if open--; open == 0 {
				p.at++
				return true
			}
		case ',':
			if open == 0 {
				return true
			}
		}
		p.at++
	}
	return false
}

func (p *parser) passString() bool {
	for p.at++; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			return true
		}
	}
	return false
}
