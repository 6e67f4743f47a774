package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/setpoint-dev/setpoint/source"
)

// SSH runs git-upload-pack over ssh.
type SSH struct {
	Address Address
	// Login is asked before each connection. One that proves nothing means the agent at SSH_AUTH_SOCK.
	Login func(context.Context) (Login, error)
	// KnownHosts are files in known_hosts format; none means the user's and the machine's.
	KnownHosts []string
	// Insecure trusts any server.
	Insecure bool
}

// Connect asks for the refs.
func (s *SSH) Connect(ctx context.Context) (*Session, error) {
	creds, err := s.Login(ctx)
	if err != nil {
		return nil, err
	}
	methods, release, err := logins(ctx, creds)
	if err != nil {
		return nil, err
	}
	defer release()
	at := s.Address.dialAddress("22")
	config := &ssh.ClientConfig{User: creds.Username, Auth: methods}
	if config.User == "" {
		config.User = "git"
	}
	var untrusted error
	if s.Insecure {
		config.HostKeyCallback = ssh.InsecureIgnoreHostKey() // the caller asked for it by name
	} else {
		known, err := readKnownHosts(s.KnownHosts)
		if err != nil {
			return nil, err
		}
		config.HostKeyAlgorithms = known.algorithms(at)
		config.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
			untrusted = known.check(host, remote, key)
			return untrusted
		}
	}

	conn, err := dial(ctx, at)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, at, config)
	stop()
	if err != nil {
		_ = conn.Close()
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case untrusted != nil:
			return nil, untrusted
		case strings.Contains(err.Error(), "unable to authenticate"):
			return nil, fmt.Errorf("%w: the server accepts none of the offered keys and passwords", source.ErrUnauthorized)
		}
		return nil, fmt.Errorf("%w: %s", source.ErrUnreachable, creds.scrub(innermost(err).Error()))
	}
	client := ssh.NewClient(c, channels, requests)
	hangUp := func() {
		_ = client.Close()
		_ = client.Wait()
	}
	st, err := run(client, "git-upload-pack "+quote(strings.TrimPrefix(s.Address.Path, homeSlash(s.Address.Path))))
	if err != nil {
		hangUp()
		return nil, fmt.Errorf("%w: %s", source.ErrUnreachable, creds.scrub(err.Error()))
	}
	st.hangUp, st.creds = hangUp, creds
	return st.open(ctx)
}

// run starts a command.
func run(client *ssh.Client, command string) (*stream, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	st := &stream{}
	if st.out, err = session.StdinPipe(); err != nil {
		return nil, err
	}
	if st.in, err = session.StdoutPipe(); err != nil {
		return nil, err
	}
	complaint := &clipped{}
	session.Stderr = complaint
	st.stderr = func() string {
		_ = session.Wait()
		return complaint.String()
	}
	return st, session.Start(command)
}

// homeSlash is the slash of a URL's path that names a home directory, such as /~ada/apps.git, which is not part of it.
func homeSlash(path string) string {
	if strings.HasPrefix(path, "/~") {
		return "/"
	}
	return ""
}

// quote makes a path one word for a POSIX shell, which is what the other side runs.
func quote(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }

// logins returns the ways to prove who asks, and frees what they hold.
func logins(ctx context.Context, c Login) ([]ssh.AuthMethod, func(), error) {
	free := func() {}
	switch {
	case c.Token != "":
		return nil, nil, fmt.Errorf("%w: a token is for https; ssh takes a key or a password", source.ErrUnauthorized)
	case len(c.Key) > 0:
		signer, err := ssh.ParsePrivateKey(c.Key)
		var missing *ssh.PassphraseMissingError
		if errors.As(err, &missing) && c.Passphrase != "" {
			signer, err = ssh.ParsePrivateKeyWithPassphrase(c.Key, []byte(c.Passphrase))
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: the ssh key cannot be read: %s", source.ErrUnauthorized, c.scrub(err.Error()))
		}
		return []ssh.AuthMethod{ssh.PublicKeys(signer)}, free, nil
	case c.Password != "":
		return []ssh.AuthMethod{ssh.Password(c.Password)}, free, nil
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, nil, fmt.Errorf("%w: no ssh key is given and no agent runs (SSH_AUTH_SOCK is not set)", source.ErrUnauthorized)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: no ssh key is given and the agent at SSH_AUTH_SOCK does not answer", source.ErrUnauthorized)
	}
	return []ssh.AuthMethod{ssh.PublicKeysCallback(agent.NewClient(conn).Signers)}, func() { _ = conn.Close() }, nil
}

// clipped keeps the beginning of what is written to it.
type clipped struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (c *clipped) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if room := 1024 - c.buf.Len(); room > 0 {
		c.buf.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

func (c *clipped) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buf.String()
}
