package plain

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/json"
)

// Decode reads a JSON object. The strings in it share one allocation, so who keeps a small one for long should clone it.
func Decode(data []byte) (map[string]any, error) {
	if m, ok := Parse(data); ok {
		return m, nil
	}
	var m map[string]any
	err := json.UnmarshalCaseSensitivePreserveInts(data, &m)
	return m, err
}

// Parse is [Decode] for what is easy; it reports false for everything else: what is no object, has faults, or has a key twice.
func Parse(data []byte) (map[string]any, bool) {
	p := parser{text: string(data)}
	p.blanks()
	if p.peek() != '{' {
		return nil, false
	}
	value, ok := p.value(0)
	if !ok {
		return nil, false
	}
	p.blanks()
	m, ok := value.(map[string]any)
	return m, ok && p.at == len(p.text)
}

// depth is how deep values may be nested; what is deeper has faults or an author who wants to see some.
const depth = 500

// parser reads a text from left to right. Its methods report false for what it does not read.
type parser struct {
	text string
	at   int
}

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) blanks() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// skip steps over a byte that has to come.
func (p *parser) skip(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) word(word string) bool {
	if !strings.HasPrefix(p.text[p.at:], word) {
		return false
	}
	p.at += len(word)
	return true
}

func (p *parser) value(level int) (any, bool) {
	if level > depth {
		return nil, false
	}
	switch c := p.peek(); {
	case c == '{':
		return p.object(level)
	case c == '[':
		return p.list(level)
	case c == '"':
		return p.string()
	case c == 't':
		return true, p.word("true")
	case c == 'f':
		return false, p.word("false")
	case c == 'n':
		return nil, p.word("null")
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	return nil, false
}

func (p *parser) object(level int) (any, bool) {
	p.at++
	m := map[string]any{}
	p.blanks()
	if p.skip('}') {
		return m, true
	}
	for {
		p.blanks()
		key, ok := p.string()
		if !ok {
			return nil, false
		}
		p.blanks()
		if !p.skip(':') {
			return nil, false
		}
		p.blanks()
		value, ok := p.value(level + 1)
		if !ok {
			return nil, false
		}
		before := len(m)
		m[key] = value
		if len(m) == before {
			return nil, false // The key was there.
		}
		p.blanks()
		if p.skip(',') {
			continue
		}
		return m, p.skip('}')
	}
}

func (p *parser) list(level int) (any, bool) {
	p.at++
	list := []any{}
	p.blanks()
	if p.skip(']') {
		return list, true
	}
	for {
		p.blanks()
		value, ok := p.value(level + 1)
		if !ok {
			return nil, false
		}
		list = append(list, value)
		p.blanks()
		if p.skip(',') {
			continue
		}
		return list, p.skip(']')
	}
}

func (p *parser) string() (string, bool) {
	if !p.skip('"') {
		return "", false
	}
	from, ascii := p.at, true
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			s := p.text[from:p.at]
			p.at++
			return s, ascii || utf8.ValidString(s)
		case c == '\\':
			return p.escaped(from)
		case c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

// escaped reads the rest of a string from its first backslash on; from is where the string began.
func (p *parser) escaped(from int) (string, bool) {
	var b strings.Builder
	b.WriteString(p.text[from:p.at])
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			s := b.String()
			return s, utf8.ValidString(s)
		case c < ' ':
			return "", false
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		r, ok := p.escape()
		if !ok {
			return "", false
		}
		b.WriteRune(r)
	}
	return "", false
}

// escape reads what follows a backslash. Halves of characters are not read.
func (p *parser) escape() (rune, bool) {
	c := p.peek()
	p.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 'r':
		return '\r', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'u':
		if p.at+4 > len(p.text) {
			return 0, false
		}
		code, err := strconv.ParseUint(p.text[p.at:p.at+4], 16, 16)
		p.at += 4
		return rune(code), err == nil && utf8.ValidRune(rune(code))
	}
	return 0, false
}

// number reads a number: an int64 when it is whole and fits.
func (p *parser) number() (any, bool) {
	from := p.at
	p.skip('-')
	digits := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	text := p.text[from:p.at]
	if first := p.text[digits:p.at]; first == "" || first[0] == '0' && len(first) > 1 {
		return nil, false
	}
	if c := p.peek(); c == '.' || c == 'e' || c == 'E' {
		return p.fraction(from)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// fraction reads the rest of a number.
func (p *parser) fraction(from int) (any, bool) {
	run := func() bool {
		start := p.at
		for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
			p.at++
		}
		return p.at > start
	}
	if p.skip('.') && !run() {
		return nil, false
	}
	if p.skip('e') || p.skip('E') {
		if !p.skip('+') {
			p.skip('-')
		}
		if !run() {
			return nil, false
		}
	}
	f, err := strconv.ParseFloat(p.text[from:p.at], 64)
	return f, err == nil
}
