package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// request asks the peer for one measure; see the command gitopsengine below this folder.
type request struct {
	Desired, Live string
	Structured    bool
	Passes        int
}

// response is the peer's answer.
type response struct {
	Compared, Modified       int
	Time, Allocations, Bytes int64
	Held                     int64
}

// peer is a process of the command gitopsengine.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

// ask has the peer measure, and starts it when it is not running.
func (s *sample) ask(ctx context.Context, r request) (*response, error) {
	if s.peer == nil {
		p, err := startPeer(ctx, s.folder)
		if err != nil {
			return nil, err
		}
		s.peer = p
	}
	if err := json.NewEncoder(s.peer.in).Encode(r); err != nil {
		return nil, err
	}
	var out response
	if err := s.peer.out.Decode(&out); err != nil {
		return nil, fmt.Errorf("read the answer of gitopsengine: %w", err)
	}
	if all := r.Desired == "changed" || r.Structured && r.Live == "moved"; all && out.Modified != out.Compared {
		return nil, fmt.Errorf("by gitopsengine's account %d of %d objects differ, not all", out.Modified, out.Compared)
	}
	return &out, nil
}

// startPeer builds the command from its module, which takes minutes when nothing of it is in Go's build cache, and starts it.
func startPeer(ctx context.Context, folder string) (*peer, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/setpoint-dev/setpoint").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module of gitopsengine: go list: %w", err)
	}
	binary := filepath.Join(folder, "gitopsengine")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, ".")
	build.Dir = filepath.Join(strings.TrimSpace(string(root)), "internal", "bench", "gitopsengine")
	build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build gitopsengine: %w\n%s", err, out)
	}
	p := &peer{cmd: exec.Command(binary, folder)}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(out)
	return p, p.cmd.Start()
}

// Close ends the process, whose input ends.
func (p *peer) Close() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}
