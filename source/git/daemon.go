package git

import (
	"context"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

// daemon speaks to git-daemon(1). Neither side proves who it is and nothing is encrypted.
type daemon struct {
	address address
}

func (d *daemon) connect(ctx context.Context) (*session, error) {
	conn, err := dial(ctx, d.address.dialAddress("9418"))
	if err != nil {
		return nil, err
	}
	s := &stream{in: conn, out: conn, hangUp: func() { _ = conn.Close() }}
	hello := fmt.Sprintf("git-upload-pack %s\x00host=%s\x00", d.address.path, d.address.host)
	if err := pktline.NewEncoder(conn).EncodeString(hello); err != nil {
		s.hangUp()
		return nil, s.explain(err)
	}
	return s.open(ctx)
}
