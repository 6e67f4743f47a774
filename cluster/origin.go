package cluster

import (
	"strconv"
	"strings"
)

// Origin says where a desired object came from, so that errors, warnings and diffs can name the place.
type Origin struct {
	// File is the slash-separated path inside the source tree.
	File string `json:"file,omitempty"`
	// Document counts the YAML documents of the file from 1; an item of a List has its list's number.
	Document int `json:"document,omitempty"`
	// Line is the first line of the object in the file, counted from 1; zero when it is not known.
	Line int `json:"line,omitempty"`
	// Via names what produced the object from the file, such as a kustomization; empty for plain files.
	Via string `json:"via,omitempty"`
}

// String returns "web.yaml:12", followed by " via " and Via when that is set. The zero Origin is "".
func (o Origin) String() string {
	var b strings.Builder
	b.WriteString(o.File)
	if o.File != "" && o.Line > 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(o.Line))
	}
	if o.Via != "" {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("via ")
		b.WriteString(o.Via)
	}
	return b.String()
}
