package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"

	"github.com/setpoint-dev/setpoint/source"
)

// Session is one conversation with git-upload-pack, after it has said which refs there are. The protocol is version 0 of
// gitprotocol-pack(5), which every server speaks.
type Session struct {
	// Refs is what the server advertises.
	Refs *packp.AdvRefs
	// send asks for a pack. It may be called once.
	send func(request []byte) (io.ReadCloser, error)
	// Close ends the conversation. Nothing runs after it.
	Close func()
	// explain turns an error of the connection into one of this package's.
	explain func(error) error
}

// Connector opens sessions over one transport. It is safe for concurrent use.
type Connector interface {
	// Connect asks for the refs. The session ends with ctx, or with its Close, which the caller owes.
	Connect(ctx context.Context) (*Session, error)
}

// advertised reads the refs. An empty repository has none, which is no error here.
func advertised(r io.Reader) (*packp.AdvRefs, error) {
	adv := packp.NewAdvRefs()
	err := adv.Decode(r)
	if errors.Is(err, packp.ErrEmptyAdvRefs) {
		err = nil
	}
	return adv, err
}

// Has reports whether the server offers a capability.
func (s *Session) Has(c capability.Capability) bool { return s.Refs.Capabilities.Supports(c) }

// Wish is what to ask for.
type Wish struct {
	Want []plumbing.Hash
	// Shallow asks for the wanted commits without their parents.
	Shallow bool
	// Bare asks for commits without trees and files, where the server can leave them out.
	Bare bool
	// Have are commits whose content is here; none of their parents is when they are in Cut.
	Have, Cut []plumbing.Hash
}

// Fetch asks for a pack of at most limit bytes.
func (s *Session) Fetch(w Wish, limit int64) ([]byte, error) {
	req := packp.NewUploadRequest()
	if len(w.Cut) > 0 && !s.Has(capability.Shallow) {
		// Without it, "have" would claim the parents too.
		w.Have, w.Cut = nil, nil
	}
	req.Wants, req.Shallows = w.Want, w.Cut
	if err := req.Capabilities.Set(capability.Agent, "setpoint"); err != nil {
		return nil, err
	}
	side := s.Has(capability.Sideband64k)
	for c, use := range map[capability.Capability]bool{
		capability.Sideband64k: side,
		capability.OFSDelta:    true,
		// Some servers refuse clients without it; readAnswer takes all forms of ACK.
		capability.MultiACKDetailed: true,
		capability.NoProgress:       side,
		// A server leaves out what an unconnected commit has in common with ours only in a thin pack.
		capability.ThinPack: len(w.Have) > 0,
		capability.Shallow:  w.Shallow || len(w.Cut) > 0,
		capability.Filter:   w.Bare,
	} {
		if use && s.Has(c) {
			if err := req.Capabilities.Set(c); err != nil {
				return nil, err
			}
		}
	}
	if w.Shallow && s.Has(capability.Shallow) {
		req.Depth = packp.DepthCommits(1)
	}
	if w.Bare && s.Has(capability.Filter) {
		req.Filter = packp.FilterTreeDepth(0)
	}
	var body bytes.Buffer
	if err := req.Encode(&body); err != nil {
		return nil, err
	}
	if err := (&packp.UploadHaves{Haves: w.Have}).Encode(&body, false); err != nil {
		return nil, err
	}
	if err := pktline.NewEncoder(&body).EncodeString("done\n"); err != nil {
		return nil, err
	}
	r, err := s.send(body.Bytes())
	if err != nil {
		return nil, err
	}
	defer r.Close()
	pack, err := readAnswer(bufio.NewReader(r), !req.Depth.IsZero(), side, limit)
	if err != nil {
		return nil, s.explain(err)
	}
	return pack, nil
}

// readAnswer returns the pack that follows what the server says about cuts and common commits, neither of which matters
// here: the store tells what is there.
func readAnswer(r *bufio.Reader, shallow, side bool, limit int64) ([]byte, error) {
	if shallow {
		var update packp.ShallowUpdate
		if err := update.Decode(r); err != nil {
			return nil, err
		}
	}
	for {
		head, err := r.Peek(8)
		if err != nil {
			return nil, unexpectedEnd(err)
		}
		if word := string(head[4:7]); word != "ACK" && word != "NAK" && word != "ERR" {
			break
		}
		line := pktline.NewScanner(r)
		if !line.Scan() {
			return nil, unexpectedEnd(line.Err())
		}
	}
	var content io.Reader = r
	if side {
		content = sideband.NewDemuxer(sideband.Sideband64k, r)
	}
	pack, err := io.ReadAll(io.LimitReader(content, limit+1))
	if err != nil {
		return nil, unexpectedEnd(err)
	}
	if int64(len(pack)) > limit {
		return nil, fmt.Errorf("%w: the server sends more than %d bytes; raise MaxFetchBytes", source.ErrTooLarge, limit)
	}
	return pack, nil
}

func unexpectedEnd(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// serverWords sorts what a server says in plain words. Servers have no codes outside HTTP; the phrases are those of Git
// itself and of the large hosting services.
func serverWords(text string) error {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "ERR "))
	lower := strings.ToLower(text)
	kind := source.ErrUnreachable
	contains := func(phrases ...string) bool {
		for _, p := range phrases {
			if strings.Contains(lower, p) {
				return true
			}
		}
		return false
	}
	switch {
	case contains("not our ref", "no such remote ref", "unadvertised object", "not a valid object"):
		kind = source.ErrUnknownRevision
	case contains("not found", "does not exist", "does not appear to be a git repository", "not a git repository", "no such repository", "could not be found", "not exported", "no such file"):
		kind = source.ErrNotRepository
	case contains("permission denied", "access denied", "unauthorized", "authentication", "not authorized", "forbidden"):
		kind = source.ErrUnauthorized
	}
	return fmt.Errorf("%w: the server says %q", kind, clip(text))
}

// clip keeps a stranger's text to one short line.
func clip(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return text
}
