// Package pack writes what generators made as it is embedded: compressed, and the same bytes for the same content.
package pack

import (
	"bytes"
	"compress/gzip"
)

// Bytes returns data compressed as far as gzip can.
func Bytes(data []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
