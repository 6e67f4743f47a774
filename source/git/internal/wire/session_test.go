package wire

import (
	"bufio"
	"bytes"
	"io"
	"testing"
)

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("0034shallow 0123456789012345678901234567890123456789\n00000008NAK\n0009\x01PACK0000"), true, true)
	f.Add([]byte("0008NAK\nPACK...."), false, false)
	f.Fuzz(func(_ *testing.T, raw []byte, shallow, side bool) {
		_, _ = readAnswer(bufio.NewReader(bytes.NewReader(raw)), shallow, side, 1<<16)
		_, _ = advertised(io.LimitReader(bytes.NewReader(raw), 1<<16))
	})
}
