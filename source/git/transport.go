package git

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

// session is one conversation with git-upload-pack, after it has said which refs there are. The protocol is version 0 of
// gitprotocol-pack(5), which every server speaks.
type session struct {
	adv *packp.AdvRefs
	// send asks for a pack. It may be called once.
	send func(request []byte) (io.ReadCloser, error)
	// close ends the conversation. Nothing runs after it.
	close func()
	// explain turns an error of the connection into one of this package's.
	explain func(error) error
}

// connector opens sessions over one transport.
type connector interface {
	connect(ctx context.Context) (*session, error)
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

func (s *session) refs() *refs {
	r := &refs{byName: s.adv.References, peeled: s.adv.Peeled}
	if s.adv.Head != nil {
		r.headHash = *s.adv.Head
	}
	for _, link := range s.adv.Capabilities.Get(capability.SymRef) {
		if name, ok := strings.CutPrefix(link, "HEAD:"); ok {
			r.head = name
		}
	}
	return r
}

// has reports whether the server offers a capability.
func (s *session) has(c capability.Capability) bool { return s.adv.Capabilities.Supports(c) }

// wish is what to ask for.
type wish struct {
	want []plumbing.Hash
	// shallow asks for the wanted commits without their parents.
	shallow bool
	// bare asks for commits without trees and files, where the server can leave them out.
	bare bool
	// have are commits whose content is here; none of their parents is when they are in cut.
	have, cut []plumbing.Hash
}

// answer is a pack as it came, and where the server cut the history.
type answer struct {
	pack      []byte
	cut, heal []plumbing.Hash
}

// fetch asks for a pack of at most limit bytes.
func (s *session) fetch(w wish, limit int64) (*answer, error) {
	req := packp.NewUploadRequest()
	if len(w.cut) > 0 && !s.has(capability.Shallow) {
		// Without it, "have" would claim the parents too.
		w.have, w.cut = nil, nil
	}
	req.Wants, req.Shallows = w.want, w.cut
	if err := req.Capabilities.Set(capability.Agent, "setpoint"); err != nil {
		return nil, err
	}
	side := s.has(capability.Sideband64k)
	for c, use := range map[capability.Capability]bool{
		capability.Sideband64k: side,
		capability.OFSDelta:    true,
		// Some servers refuse clients without it; readAnswer takes all forms of ACK.
		capability.MultiACKDetailed: true,
		capability.NoProgress:       side,
		// A server leaves out what an unconnected commit has in common with ours only in a thin pack.
		capability.ThinPack: len(w.have) > 0,
		capability.Shallow:  w.shallow || len(w.cut) > 0,
		capability.Filter:   w.bare,
	} {
		if use && s.has(c) {
			if err := req.Capabilities.Set(c); err != nil {
				return nil, err
			}
		}
	}
	if w.shallow && s.has(capability.Shallow) {
		req.Depth = packp.DepthCommits(1)
	}
	if w.bare && s.has(capability.Filter) {
		req.Filter = packp.FilterTreeDepth(0)
	}
	var body bytes.Buffer
	if err := req.Encode(&body); err != nil {
		return nil, err
	}
	if err := (&packp.UploadHaves{Haves: w.have}).Encode(&body, false); err != nil {
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
	a, err := readAnswer(bufio.NewReader(r), !req.Depth.IsZero(), side, limit)
	if err != nil {
		return nil, s.explain(err)
	}
	return a, nil
}

func readAnswer(r *bufio.Reader, shallow, side bool, limit int64) (*answer, error) {
	a := &answer{}
	if shallow {
		var update packp.ShallowUpdate
		if err := update.Decode(r); err != nil {
			return nil, err
		}
		a.cut, a.heal = update.Shallows, update.Unshallows
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
	var pack io.Reader = r
	if side {
		pack = sideband.NewDemuxer(sideband.Sideband64k, r)
	}
	var err error
	a.pack, err = io.ReadAll(io.LimitReader(pack, limit+1))
	if err != nil {
		return nil, unexpectedEnd(err)
	}
	if int64(len(a.pack)) > limit {
		return nil, fmt.Errorf("%w: the server sends more than %d bytes; raise MaxFetchBytes", source.ErrTooLarge, limit)
	}
	return a, nil
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
