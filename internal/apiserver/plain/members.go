package plain

import "fmt"

// Members returns the members of the object that lies at a path in a JSON object, each as it is written. They share data's
// memory. There are none when the path leads nowhere.
func Members(data []byte, path ...string) (map[string][]byte, error) {
	p := parser{text: string(data)}
	out := map[string][]byte{}
	p.blanks()
	if !p.members(path, func(key string, from, to int) { out[key] = data[from:to] }) {
		return nil, fmt.Errorf("no JSON object, or one that ends early: byte %d of %d", p.at, len(data))
	}
	return out, nil
}

func (p *parser) members(path []string, found func(key string, from, to int)) bool {
	return p.fields(func(key string) bool {
		if len(path) > 0 {
			if key == path[0] && p.peek() == '{' {
				return p.members(path[1:], found)
			}
			return p.pass()
		}
		from := p.at
		ok := p.pass()
		found(key, from, p.at)
		return ok
	})
}
