package gitserver

import (
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"golang.org/x/crypto/ssh"
)

// ServeGit speaks the git protocol until the listener is closed, then waits for its connections.
func (r *Repo) ServeGit(l net.Listener) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer conn.Close()
			s := pktline.NewScanner(conn)
			if !s.Scan() {
				return
			}
			path, _, _ := strings.Cut(strings.TrimPrefix(string(s.Bytes()), "git-upload-pack "), "\x00")
			if strings.HasPrefix(path, "/none") {
				_ = pktline.NewEncoder(conn).EncodeString("ERR access denied or repository not exported: " + path)
				return
			}
			if r.Advertise(conn) == nil {
				_ = r.UploadPack(conn, conn)
			}
		})
	}
}

// ServeSSH runs git-upload-pack for ssh clients until the listener is closed, then waits for its connections.
func (r *Repo) ServeSSH(l net.Listener, config *ssh.ServerConfig) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer conn.Close()
			server, channels, requests, err := ssh.NewServerConn(conn, config)
			if err != nil {
				return
			}
			defer server.Close()
			wg.Go(func() { ssh.DiscardRequests(requests) })
			for offer := range channels {
				channel, requests, err := offer.Accept()
				if err != nil {
					return
				}
				wg.Go(func() { r.command(channel, requests) })
			}
		})
	}
}

func (r *Repo) command(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for req := range requests {
		if req.Type != "exec" {
			_ = req.Reply(false, nil)
			continue
		}
		var exec struct{ Command string }
		_ = ssh.Unmarshal(req.Payload, &exec)
		_ = req.Reply(true, nil)
		status := uint32(0)
		path, ok := strings.CutPrefix(exec.Command, "git-upload-pack ")
		path = strings.Trim(path, "'")
		if !ok || strings.HasPrefix(path, "/none") {
			fmt.Fprintln(channel.Stderr(), missing(path))
			status = 128
		} else if r.Advertise(channel) != nil || r.UploadPack(channel, channel) != nil {
			status = 1
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
		return
	}
}
