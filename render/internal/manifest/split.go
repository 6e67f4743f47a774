package manifest

import (
	"bytes"
	"strings"
)

// chunk is the text of one YAML document, from its "---" line on, and the line where that text starts.
type chunk struct {
	text []byte
	line int
	// empty chunks have a marker and no content.
	empty bool
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
		bare   bool // the chunk holds a marker and no content
		prefix bool // the chunk holds directives, which belong to the document that follows
	)
	cut := func(end, line int) {
		if filled {
			chunks = append(chunks, chunk{data[start:end], begin, bare})
		}
		start, begin, filled, bare, prefix = end, line, false, false, false
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
			filled, bare = true, !content(text[3:]) && !prefix
		case marker(text, "..."):
			cut(end, line+1)
		case text[0] == '%' && !filled:
			if !prefix {
				start, begin = at, line
			}
			prefix = true
		default:
			if content(text) {
				filled, bare = true, false
			}
		}
		at = end
	}
	cut(len(data), line)
	return chunks
}

// content reports whether a line has more than white space and a comment.
func content(line []byte) bool {
	trimmed := bytes.TrimSpace(line)
	return len(trimmed) > 0 && trimmed[0] != '#'
}

func marker(text []byte, mark string) bool {
	rest, ok := strings.CutPrefix(string(text[:min(len(text), 4)]), mark)
	return ok && (rest == "" || strings.Contains(" \t\r\n", rest))
}
