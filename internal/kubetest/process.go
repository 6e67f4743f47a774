package kubetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A process is one running part of a control plane. It ends when its standard input closes, which the system does when
// this process ends.
type process struct {
	part  string
	cmd   *exec.Cmd
	stdin io.Closer
	log   string        // path of what it writes to standard error
	done  chan struct{} // closed when it has ended
}

// spawn starts a part. Its standard output goes to out, or to its log when out is nil.
func spawn(binary, dir, part string, out *os.File, args ...string) (*process, error) {
	path := filepath.Join(dir, part+".log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	cmd := exec.Command(binary, append([]string{part}, args...)...)
	cmd.Stderr, cmd.Stdout = log, log
	if out != nil {
		cmd.Stdout = out
	}
	cmd.Dir = dir
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", part, err)
	}
	p := &process{part: part, cmd: cmd, stdin: stdin, log: path, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
	}()
	return p, nil
}

// spawnAndRead starts a part and returns the first line that it prints.
func spawnAndRead(ctx context.Context, binary, dir, part string, args ...string) (*process, string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	p, err := spawn(binary, dir, part, w, args...)
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = r.Close() })
	defer stop()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		p.kill()
		_ = r.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, "", fmt.Errorf("start %s: %w%s", part, err, p.logTail())
	}
	go func() { _, _ = io.Copy(io.Discard, r); _ = r.Close() }()
	return p, strings.TrimSpace(line), nil
}

// kill ends the process at once and returns when it has ended.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
	_ = p.stdin.Close()
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// logTail is the end of the log, as the last part of an error message.
func (p *process) logTail() string {
	content, err := os.ReadFile(p.log)
	if err != nil || len(content) == 0 {
		return ""
	}
	return fmt.Sprintf("\n--- the end of %s ---\n%s", filepath.Base(p.log), tail(string(content), 30))
}
