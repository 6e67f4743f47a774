package inventory

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	setsync "github.com/setpoint-dev/setpoint/sync"
)

// format is the version of the stored form. A reader refuses what it does not know, since a record that is half understood
// would prune wrongly.
const format = 1

// maxRecord bounds what a record may unpack to: twenty times what the parts of a very large set hold.
const maxRecord = 256 << 20

type stored struct {
	Format int `json:"format"`
	setsync.Record
}

// encode gives equal bytes for equal records.
func encode(r *setsync.Record) ([]byte, error) {
	return pack(sorted(r))
}

// sorted returns the stored form of a record.
func sorted(r *setsync.Record) stored {
	s := stored{Format: format, Record: *r}
	s.Members = slices.SortedFunc(slices.Values(r.Members), func(a, b setsync.Member) int {
		return cmp.Or(a.Ref.Compare(b.Ref), cmp.Compare(a.UID, b.UID))
	})
	return s
}

func pack(s stored) ([]byte, error) {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if err := json.NewEncoder(z).Encode(s); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func decode(raw []byte) (*setsync.Record, error) {
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxRecord+1))
	if err != nil {
		return nil, err
	}
	if len(plain) > maxRecord {
		return nil, fmt.Errorf("the record unpacks to more than %d bytes", maxRecord)
	}
	return unmarshal(plain)
}

// unmarshal reads the stored form.
func unmarshal(plain []byte) (*setsync.Record, error) {
	var s stored
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, err
	}
	if s.Format != format {
		return nil, fmt.Errorf("format %d is not known, only %d is", s.Format, format)
	}
	slices.SortFunc(s.Members, func(a, b setsync.Member) int { return a.Ref.Compare(b.Ref) })
	for i, m := range s.Members {
		if m.Kind == "" || m.Name == "" {
			return nil, fmt.Errorf("member %d has no kind or no name", i)
		}
		if i > 0 && s.Members[i-1].Ref == m.Ref {
			return nil, fmt.Errorf("%s is there twice", m.Ref)
		}
	}
	return &s.Record, nil
}
