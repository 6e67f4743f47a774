package gitserver

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
)

// Exchange is what one client asked for and got.
type Exchange struct {
	// Op is "refs" or "pack".
	Op             string
	Wants, Haves   []plumbing.Hash
	Depth          int
	Objects, Bytes int
}

// Log returns all exchanges so far, and forgets them.
func (r *Repo) Log() []Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log
	r.log = nil
	return log
}

// Advertise writes the refs.
func (r *Repo) Advertise(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, Exchange{Op: "refs"})
	adv := packp.NewAdvRefs()
	caps := []capability.Capability{capability.OFSDelta, capability.Sideband64k, capability.NoProgress}
	if !r.NoShallow {
		caps = append(caps, capability.Shallow)
	}
	if r.Reachable {
		caps = append(caps, capability.AllowReachableSHA1InWant)
	}
	for _, c := range caps {
		if err := adv.Capabilities.Set(c); err != nil {
			return err
		}
	}
	head := r.storage.ReferenceStorage[plumbing.HEAD]
	for name, ref := range r.storage.ReferenceStorage {
		if ref.Type() != plumbing.HashReference {
			continue
		}
		adv.References[name.String()] = ref.Hash()
		if tag, err := object.GetTag(r.storage, ref.Hash()); err == nil {
			adv.Peeled[name.String()] = tag.Target
		}
		if head.Target() == name {
			h := ref.Hash()
			adv.Head = &h
			if err := adv.AddReference(head); err != nil {
				return err
			}
		}
	}
	return adv.Encode(w)
}

type request struct {
	Exchange
	cut  map[plumbing.Hash]bool
	side bool
}

func parse(in io.Reader) (*request, error) {
	req := &request{cut: map[plumbing.Hash]bool{}}
	req.Op = "pack"
	for s := pktline.NewScanner(in); s.Scan(); {
		word, rest, _ := strings.Cut(strings.TrimSpace(string(s.Bytes())), " ")
		switch word {
		case "want":
			h, caps, _ := strings.Cut(rest, " ")
			req.Wants = append(req.Wants, plumbing.NewHash(h))
			req.side = req.side || strings.Contains(caps, "side-band-64k")
		case "shallow":
			req.cut[plumbing.NewHash(rest)] = true
		case "deepen":
			req.Depth, _ = strconv.Atoi(rest)
		case "have":
			req.Haves = append(req.Haves, plumbing.NewHash(rest))
		case "done":
			return req, nil
		}
	}
	return nil, io.ErrUnexpectedEOF
}

// UploadPack answers one request for a pack; a client that hangs up without one is no error.
func (r *Repo) UploadPack(in io.Reader, out io.Writer) error {
	req, err := parse(in)
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	enc := pktline.NewEncoder(out)
	cut := map[plumbing.Hash]bool{}
	for _, h := range req.Wants {
		if !r.mayAsk(h) {
			return enc.EncodeString("ERR upload-pack: not our ref " + h.String())
		}
		if req.Depth == 1 {
			c := r.peel(h)
			cut[c] = true
			if err := enc.Encodef("shallow %s\n", c); err != nil {
				return err
			}
		}
	}
	if req.Depth > 0 {
		if err := enc.Flush(); err != nil {
			return err
		}
	}
	skip := r.reach(r.known(req.Haves), req.cut)
	var send []plumbing.Hash
	for h := range r.reach(req.Wants, cut) {
		if !skip[h] && !r.Lose[h] {
			send = append(send, h)
		}
	}
	answer := "NAK\n"
	if known := r.known(req.Haves); len(known) > 0 {
		answer = "ACK " + known[0].String() + "\n"
	}
	if err := enc.EncodeString(answer); err != nil {
		return err
	}
	var pack bytes.Buffer
	plumbing.HashesSort(send)
	if _, err := packfile.NewEncoder(&pack, r.storage, false).Encode(send, 10); err != nil {
		return err
	}
	req.Objects, req.Bytes = len(send), pack.Len()
	r.log = append(r.log, req.Exchange)
	if !req.side {
		_, err := out.Write(pack.Bytes())
		return err
	}
	mux := sideband.NewMuxer(sideband.Sideband64k, out)
	for pack.Len() > 0 {
		// In parts: one that fills a packet to the last byte is more than the multiplexer accepts.
		if _, err := mux.Write(pack.Next(32 << 10)); err != nil {
			return err
		}
	}
	return enc.Flush()
}

func (r *Repo) mayAsk(h plumbing.Hash) bool {
	for _, ref := range r.storage.ReferenceStorage {
		if ref.Type() == plumbing.HashReference && (ref.Hash() == h || r.Reachable && r.reach([]plumbing.Hash{ref.Hash()}, nil)[h]) {
			return true
		}
	}
	return false
}

func (r *Repo) known(hashes []plumbing.Hash) []plumbing.Hash {
	return slices.DeleteFunc(slices.Clone(hashes), func(h plumbing.Hash) bool { return r.storage.HasEncodedObject(h) != nil })
}

func (r *Repo) peel(h plumbing.Hash) plumbing.Hash {
	if tag, err := object.GetTag(r.storage, h); err == nil {
		return tag.Target
	}
	return h
}

// reach returns everything that leads from some objects, without the parents of the commits in cut.
func (r *Repo) reach(from []plumbing.Hash, cut map[plumbing.Hash]bool) map[plumbing.Hash]bool {
	seen := map[plumbing.Hash]bool{}
	var visit func(h plumbing.Hash)
	visit = func(h plumbing.Hash) {
		o, err := r.storage.EncodedObject(plumbing.AnyObject, h)
		if seen[h] || err != nil {
			return
		}
		seen[h] = true
		switch o.Type() {
		case plumbing.TagObject:
			visit(r.peel(h))
		case plumbing.CommitObject:
			c, err := object.GetCommit(r.storage, h)
			must(err)
			visit(c.TreeHash)
			if !cut[h] {
				for _, p := range c.ParentHashes {
					visit(p)
				}
			}
		case plumbing.TreeObject:
			t, err := object.GetTree(r.storage, h)
			if err != nil {
				return
			}
			for _, e := range t.Entries {
				if e.Mode != filemode.Submodule {
					visit(e.Hash)
				}
			}
		}
	}
	for _, h := range from {
		visit(h)
	}
	return seen
}

// missing is what Git says for a path that is no repository.
func missing(path string) string {
	return fmt.Sprintf("fatal: '%s' does not appear to be a git repository", path)
}
