package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/setpoint-dev/setpoint/render"
)

// jsonLike reports whether a document may be JSON. YAML refuses some JSON, such as escaped surrogate pairs.
func jsonLike(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 0 && text[0] == '{'
}

// decodeJSON reads the JSON values of text, which starts at a line of the file, and counts them from number.
func decodeJSON(file string, text []byte, number, line int) ([]Document, []error) {
	d := jsonDecoder{Decoder: json.NewDecoder(bytes.NewReader(text)), text: text, lines: line}
	d.UseNumber()
	var docs []Document
	for ; ; number++ {
		doc := Document{Number: number}
		v, err := d.top(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			var f *lineError
			if !errors.As(err, &f) {
				f = &lineError{d.place(err), render.ErrSyntax, err}
			}
			return docs, []error{fault(file, number, f.line, f.kind, f.err)}
		}
		if doc.Value = v; v != nil {
			docs = append(docs, doc)
		}
	}
}

// jsonDecoder reads JSON token by token, for the lines and for keys that are there twice.
type jsonDecoder struct {
	*json.Decoder
	text    []byte
	counted int // the offset up to which lines were counted
	lines   int // the line at counted
}

// place returns the line where err was met. A fault between tokens has the offset of the last one.
func (d *jsonDecoder) place(err error) int {
	var s *json.SyntaxError
	if errors.As(err, &s) && s.Offset > d.InputOffset() {
		return d.line(int(s.Offset) - 1)
	}
	return d.next()
}

// line returns the line of an offset.
func (d *jsonDecoder) line(offset int) int {
	offset = max(0, min(offset, len(d.text)))
	if offset < d.counted {
		return d.lines - bytes.Count(d.text[offset:d.counted], []byte{'\n'})
	}
	d.lines += bytes.Count(d.text[d.counted:offset], []byte{'\n'})
	d.counted = offset
	return d.lines
}

// next is the line of the value that comes next.
func (d *jsonDecoder) next() int {
	at := int(d.InputOffset())
	for at < len(d.text) && bytes.IndexByte([]byte(" \t\r\n,:"), d.text[at]) >= 0 {
		at++
	}
	return d.line(at)
}

func (d *jsonDecoder) top(doc *Document) (any, error) {
	doc.Line = d.next()
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	if tok != json.Delim('{') {
		return d.rest(tok, 1)
	}
	v, err := d.object(func(k string) (any, error) {
		if k != "items" {
			return d.value(2)
		}
		tok, err := d.Token()
		if err != nil {
			return nil, unexpected(err)
		}
		if tok != json.Delim('[') {
			return d.rest(tok, 2)
		}
		return d.array(2, func() { doc.Items = append(doc.Items, d.next()) })
	})
	if err != nil {
		return nil, unexpected(err)
	}
	return v, nil
}

// unexpected makes the end of the text inside a value an error of its own.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (d *jsonDecoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, &lineError{d.next(), render.ErrTooLarge, fmt.Errorf("nested more than %d deep", maxDepth)}
	}
	tok, err := d.Token()
	if err != nil {
		return nil, unexpected(err)
	}
	return d.rest(tok, depth)
}

// rest returns the value that starts with tok.
func (d *jsonDecoder) rest(tok json.Token, depth int) (any, error) {
	switch tok := tok.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(tok.String(), 10, 64); err == nil {
			return i, nil
		}
		f, err := strconv.ParseFloat(tok.String(), 64)
		if err != nil {
			return nil, &lineError{d.line(int(d.InputOffset())), render.ErrSyntax, fmt.Errorf("number %s is out of range", tok)}
		}
		return f, nil
	case json.Delim:
		if tok == '{' {
			return d.object(func(string) (any, error) { return d.value(depth + 1) })
		}
		return d.array(depth, func() {})
	default:
		return tok, nil
	}
}

func (d *jsonDecoder) object(value func(key string) (any, error)) (any, error) {
	m := map[string]any{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, unexpected(err)
		}
		k, ok := tok.(string)
		if !ok {
			return nil, &lineError{d.line(int(d.InputOffset())), render.ErrSyntax, errors.New("a key must be a string")}
		}
		if _, ok := m[k]; ok {
			return nil, &lineError{d.line(int(d.InputOffset())), render.ErrSyntax, fmt.Errorf("key %q is already set", k)}
		}
		if m[k], err = value(k); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return m, unexpected(err)
}

func (d *jsonDecoder) array(depth int, each func()) (any, error) {
	list := []any{}
	for d.More() {
		each()
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, unexpected(err)
}
