package plain

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Encode writes a value with the keys of its maps in order. Values of other types are written as encoding/json does.
func Encode(value any) ([]byte, error) {
	room := scratch.Get().(*[]byte)
	defer scratch.Put(room)
	data, err := Append((*room)[:0], value)
	if err != nil {
		return nil, err
	}
	*room = data
	return bytes.Clone(data), nil
}

// scratch is where values are written before their size is known.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// Append appends what [Encode] returns.
func Append(dst []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		return appendString(dst, v)
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case map[string]any:
		return appendMap(dst, v)
	case []any:
		return appendSlice(dst, v)
	}
	return appendOther(dst, value)
}

func appendOther(dst []byte, value any) ([]byte, error) {
	data, err := json.Marshal(value)
	return append(dst, data...), err
}

func appendMap(dst []byte, m map[string]any) ([]byte, error) {
	if m == nil {
		return append(dst, "null"...), nil
	}
	var room [24]string
	keys := room[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	var err error
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendString(dst, k); err != nil {
			return dst, err
		}
		dst = append(dst, ':')
		if dst, err = Append(dst, m[k]); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendSlice(dst []byte, s []any) ([]byte, error) {
	if s == nil {
		return append(dst, "null"...), nil
	}
	dst = append(dst, '[')
	var err error
	for i, item := range s {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = Append(dst, item); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// appendString writes a string. What is seldom and has rules of its own (characters that HTML or JavaScript read in another
// way, control characters, invalid UTF-8) is left to encoding/json.
func appendString(dst []byte, s string) ([]byte, error) {
	start := len(dst)
	dst = append(dst, '"')
	from, ascii := 0, true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			ascii = false
			continue
		}
		escape := escapes[c]
		switch escape {
		case 0:
			continue
		case other:
			return appendOther(dst[:start], s)
		}
		dst = append(dst, s[from:i]...)
		dst = append(dst, '\\', escape)
		from = i + 1
	}
	if !ascii && !ordinary(s) {
		return appendOther(dst[:start], s)
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"'), nil
}

// ordinary says that a string is valid UTF-8 without the two characters that end a line in JavaScript.
func ordinary(s string) bool {
	for i, r := range s {
		switch r {
		case '\u2028', '\u2029':
			return false
		case utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false
			}
		}
	}
	return true
}

// other marks a character that is not written with a backslash and one letter.
const other = 1

// escapes says what follows the backslash before an ASCII character; 0 is for a character that stands for itself.
var escapes = func() (table [utf8.RuneSelf]byte) {
	for c := range ' ' {
		table[c] = other
	}
	for _, c := range "<>&" {
		table[c] = other
	}
	table['"'], table['\\'] = '"', '\\'
	table['\n'], table['\r'], table['\t'] = 'n', 'r', 't'
	return table
}()
