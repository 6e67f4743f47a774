package manifest

import (
	"bytes"
	"strings"
)

// chunk is the text of one YAML document, from its "---" line on, and the line where that text starts.
type chunk struct {
	text []byte
	line int
}

// split cuts a YAML stream at its document markers. A marker is "---" or "..." at the start of a line, followed by white space
// or the end of the line; YAML allows neither inside a document. Chunks of nothing but blank lines and comments are left
// out, since a comment before the first marker makes no document.
func split(data []byte) []chunk {
	var (
		chunks []chunk
		start  int
		begin  = 1
		filled bool // the chunk holds a marker or content
		prefix bool // the chunk holds directives, which belong to the document that follows
	)
	cut := func(end, line int) {
		if filled {
			chunks = append(chunks, chunk{data[start:end], begin})
		}
		start, begin, filled, prefix = end, line, false, false
	}
	line := 1
	for at := 0; at < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		text := data[at:end]
		switch {
		case marker(text, "---"):
			if !prefix || filled {
				cut(at, line)
			}
			filled = true
		case marker(text, "..."):
			cut(end, line+1)
		case text[0] == '%' && !filled:
			if !prefix {
				start, begin = at, line
			}
			prefix = true
		default:
			trimmed := bytes.TrimSpace(text)
			if len(trimmed) > 0 && trimmed[0] != '#' {
				filled = true
			}
		}
		at = end
	}
	cut(len(data), line)
	return chunks
}

func marker(text []byte, mark string) bool {
	rest, ok := strings.CutPrefix(string(text[:min(len(text), 4)]), mark)
	return ok && (rest == "" || strings.Contains(" \t\r\n", rest))
}
