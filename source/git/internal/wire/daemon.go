package wire

import (
	"context"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

// Daemon speaks to git-daemon(1). Neither side proves who it is and nothing is encrypted.
type Daemon struct {
	Address Address
}

// Connect asks for the refs.
func (d *Daemon) Connect(ctx context.Context) (*Session, error) {
	conn, err := dial(ctx, d.Address.dialAddress("9418"))
	if err != nil {
		return nil, err
	}
	s := &stream{in: conn, out: conn, hangUp: func() { _ = conn.Close() }}
	hello := fmt.Sprintf("git-upload-pack %s\x00host=%s\x00", d.Address.Path, d.Address.Host)
	if err := pktline.NewEncoder(conn).EncodeString(hello); err != nil {
		s.hangUp()
		return nil, s.explain(err)
	}
	return s.open(ctx)
}
