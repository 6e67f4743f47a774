package schema

import (
	"bytes"
	"compress/gzip"
	"io"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// unpacked returns what was generated and packed. It is part of the build, and a fault in it a broken build.
func unpacked(name string, packed []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("schema: " + name + ": " + err.Error())
	}
	data, err := io.ReadAll(z)
	if err != nil {
		panic("schema: " + name + ": " + err.Error())
	}
	return data
}

// members returns the members of an object in what was generated, as they are written.
func members(name string, data []byte, path ...string) map[string][]byte {
	out, err := plain.Members(data, path...)
	if err != nil {
		panic("schema: " + name + ": " + err.Error())
	}
	return out
}
