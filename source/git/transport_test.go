package git_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

const secret = "s3cr+t/pass word"

func TestCredentialsOverHTTP(t *testing.T) {
	r := gitserver.New()
	h := r.Push("main", many(2))
	const token = "ghp_0123456789abcdef"
	s := httptest.NewServer(guarded(r.Handler(), "ada", secret, token))
	t.Cleanup(s.Close)
	plain := s.URL + "/team/apps.git"
	inURL := strings.Replace(plain, "http://", "http://ada:s3cr%2Bt%2Fpass%20word@", 1)
	for name, c := range map[string]struct {
		url   string
		creds git.Credentials
		err   error
	}{
		"basic":             {plain, git.Credentials{Username: "ada", Password: secret}, nil},
		"bearer":            {plain, git.Credentials{Token: token}, nil},
		"in the URL":        {inURL, git.Credentials{}, nil},
		"none":              {plain, git.Credentials{}, source.ErrUnauthorized},
		"wrong":             {plain, git.Credentials{Username: "ada", Password: secret + "!"}, source.ErrUnauthorized},
		"wrong token":       {plain, git.Credentials{Token: token + "!"}, source.ErrUnauthorized},
		"wrong in the URL":  {strings.Replace(inURL, "word", "w0rd", 1), git.Credentials{}, source.ErrUnauthorized},
		"token as the user": {strings.Replace(plain, "http://", "http://"+token+"@", 1), git.Credentials{}, source.ErrUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			repo := open(t, c.url, &git.Options{Credentials: git.Fixed(c.creds)})
			assert.Equal(t, plain, repo.String())
			rev, err := repo.At("main").Resolve(t.Context())
			if c.err == nil {
				require.NoError(t, err)
				assert.Equal(t, "sha1:"+h.String(), rev.Digest)
				assert.NotEmpty(t, read(t, fetch(t, repo.At("main"), source.Revision{}), "app-00/deploy.yaml"))
				return
			}
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, "resolve "+plain+" at main: not authorised: status 401", err.Error())
			for _, text := range []string{fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), fmt.Sprint(repo.At("main"))} {
				for _, s := range []string{secret, "s3cr", token} {
					assert.NotContains(t, text, s)
				}
			}
		})
	}
	failing := open(t, plain, &git.Options{Credentials: func(context.Context) (git.Credentials, error) {
		return git.Credentials{}, errors.New("vault is sealed")
	}})
	_, err := failing.At("main").Fetch(t.Context(), source.Revision{})
	assert.ErrorIs(t, err, source.ErrUnauthorized)
	assert.ErrorContains(t, err, "vault is sealed")
}

func TestCredentialsAreNeverPrinted(t *testing.T) {
	c := git.Credentials{Username: secret, Password: secret, Token: secret, Key: []byte(secret), Passphrase: secret}
	encoded, err := json.Marshal(map[string]any{"c": c, "p": &c})
	require.NoError(t, err)
	for _, text := range []string{
		fmt.Sprint(c), fmt.Sprint(&c), fmt.Sprintf("%v %+v %#v %s %q %x %d", c, c, c, c, c, c, c), fmt.Sprintf("%#v", &c),
		fmt.Sprint(struct{ C git.Credentials }{c}), fmt.Sprintf("%+v", struct{ C *git.Credentials }{&c}), c.LogValue().String(), string(encoded),
	} {
		assert.NotContains(t, text, "s3cr")
		assert.NotContains(t, text, fmt.Sprintf("%x", secret))
		assert.NotContains(t, text, "115 51") // as a list of bytes
	}
}

// A redirect is followed, and the credentials stay at home.
func TestRedirects(t *testing.T) {
	r := gitserver.New()
	r.Push("main", many(2))
	var leaked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		for name, values := range req.Header {
			for _, v := range values {
				if name == "Authorization" || strings.Contains(v, "s3cr") {
					leaked.Add(1)
				}
			}
		}
		if strings.HasPrefix(req.URL.Path, "/closed") {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		r.Handler().ServeHTTP(w, req)
	}))
	t.Cleanup(elsewhere.Close)
	home := httptest.NewServer(guarded(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch owner := strings.Split(req.URL.Path, "/")[1]; owner {
		case "moved":
			http.Redirect(w, req, strings.Replace(req.URL.String(), "/moved/", "/team/", 1), http.StatusMovedPermanently)
		case "away", "closed":
			http.Redirect(w, req, elsewhere.URL+req.URL.String(), http.StatusFound)
		case "login":
			http.Redirect(w, req, elsewhere.URL+"/login", http.StatusFound)
		case "circle":
			http.Redirect(w, req, req.URL.String(), http.StatusFound)
		case "local":
			http.Redirect(w, req, "file:///etc/info/refs", http.StatusFound)
		default:
			r.Handler().ServeHTTP(w, req)
		}
	}), "ada", secret, ""))
	t.Cleanup(home.Close)
	opts := &git.Options{Credentials: git.Fixed(git.Credentials{Username: "ada", Password: secret})}
	for owner, want := range map[string]error{
		"moved": nil, "away": nil, "closed": source.ErrUnauthorized, "login": source.ErrNotRepository, "circle": source.ErrNotRepository, "local": source.ErrNotRepository,
	} {
		s, err := open(t, home.URL+"/"+owner+"/apps.git", opts).At("main").Fetch(t.Context(), source.Revision{})
		if want != nil {
			assert.ErrorIs(t, err, want, owner)
			assert.NotContains(t, fmt.Sprint(err), "s3cr")
			continue
		}
		require.NoError(t, err, owner)
		assert.NotEmpty(t, read(t, s, "app-01/deploy.yaml"))
	}
	assert.Zero(t, leaked.Load())
}

func TestTLS(t *testing.T) {
	r := gitserver.New()
	r.Push("main", many(2))
	var asked atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		r.Handler().ServeHTTP(w, req)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	url := s.URL + "/team/apps.git"
	_, err := open(t, url, nil).At("main").Resolve(t.Context())
	require.ErrorIs(t, err, source.ErrUntrusted)
	assert.ErrorContains(t, err, "set Options.CA")
	assert.Zero(t, asked.Load())
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	fetch(t, open(t, url, &git.Options{CA: ca}).At("main"), source.Revision{})

	plain := web(t, r)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, strings.TrimSuffix(plain, "/team/apps.git")+req.URL.String(), http.StatusFound)
	})
	_, err = open(t, url, &git.Options{CA: ca}).At("main").Resolve(t.Context())
	require.ErrorIs(t, err, source.ErrNotRepository)
	assert.ErrorContains(t, err, "redirected from https to http")
	_, err = git.Open(url, &git.Options{CA: []byte("x")})
	assert.ErrorContains(t, err, "Options.CA")
}

func TestServersThatAnswerOtherwise(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"not found": {http.NotFound, source.ErrNotRepository},
		"a page": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "<html>welcome</html>")
		}, source.ErrNotRepository},
		"forbidden":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, source.ErrUnauthorized},
		"overloaded":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, source.ErrUnreachable},
		"rate limits": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, source.ErrUnreachable},
		"hangs up": {func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}, source.ErrUnreachable},
		"lies about the type": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			fmt.Fprint(w, "zzzz hello")
		}, source.ErrNotRepository},
		"says no in words": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			fmt.Fprint(w, "001e# service=git-upload-pack\n00000016ERR access denied\n")
		}, source.ErrUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.answer)
			t.Cleanup(s.Close)
			url := s.URL + "/team/apps.git"
			_, err := open(t, url, nil).At("main").Fetch(t.Context(), source.Revision{})
			require.ErrorIs(t, err, c.want)
			var failed *source.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, url, failed.Source)
			t.Log(err)
		})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := l.Addr().String()
	l.Close()
	for _, url := range []string{"http://" + closed + "/a/b", "git://" + closed + "/a/b", "ssh://" + closed + "/a/b"} {
		_, err := open(t, url, &git.Options{InsecureIgnoreHostKey: true, Credentials: git.Fixed(git.Credentials{Password: "x"})}).At("main").Resolve(t.Context())
		require.ErrorIs(t, err, source.ErrUnreachable, url)
		t.Log(err)
	}
}

// A server that says nothing is left when ctx ends.
func TestContextEnds(t *testing.T) {
	silent := listen(t, func(l net.Listener) {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
		}
	})
	why := errors.New("shutting down")
	for _, scheme := range []string{"http", "https", "git", "ssh"} {
		t.Run(scheme, func(t *testing.T) {
			repo := open(t, scheme+"://"+silent+"/team/apps.git", &git.Options{
				InsecureIgnoreHostKey: true, Credentials: git.Fixed(git.Credentials{Username: "u", Password: "p"}),
			})
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(20*time.Millisecond, func() { cancel(why) })
			_, err := repo.At("main").Fetch(ctx, source.Revision{})
			assert.ErrorIs(t, err, why)
		})
	}
}

func TestGitProtocol(t *testing.T) {
	r := gitserver.New()
	r.Push("main", many(3))
	at := listen(t, r.ServeGit)
	repo := open(t, "git://"+at+"/team/apps.git", nil)
	s := fetch(t, repo.At("main"), source.Revision{})
	assert.NotEmpty(t, read(t, s, "app-02/deploy.yaml"))
	_, err := repo.At("main").Resolve(t.Context())
	require.NoError(t, err)
	_, err = open(t, "git://"+at+"/none/x", nil).At("main").Resolve(t.Context())
	assert.ErrorIs(t, err, source.ErrNotRepository)
	_, err = repo.At("nothing").Resolve(t.Context())
	assert.ErrorIs(t, err, source.ErrUnknownRevision)
}

// key returns a new key and its private half in OpenSSH form, encrypted when there is a passphrase.
func key(t *testing.T, passphrase string) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	require.NoError(t, err)
	return signer, pem.EncodeToMemory(block)
}

func TestSSH(t *testing.T) {
	r := gitserver.New()
	h := r.Push("main", many(3))
	host, _ := key(t, "")
	client, private := key(t, "")
	_, other := key(t, "")
	locked, lockedPEM := key(t, secret)
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(c ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
			for _, good := range []ssh.Signer{client, locked} {
				if c.User() == "git" && string(k.Marshal()) == string(good.PublicKey().Marshal()) {
					return nil, nil
				}
			}
			return nil, errors.New("unknown key")
		},
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if c.User() == "ada" && string(password) == secret {
				return nil, nil
			}
			return nil, errors.New("wrong password")
		},
	}
	config.AddHostKey(host)
	at := listen(t, func(l net.Listener) { r.ServeSSH(l, config) })
	hosts := func(key ssh.PublicKey) []string {
		file := filepath.Join(t.TempDir(), "known_hosts")
		require.NoError(t, os.WriteFile(file, []byte(knownhosts.Line([]string{at}, key)+"\n"), 0o600))
		return []string{file}
	}
	known := hosts(host.PublicKey())
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	impostor, _ := key(t, "")

	sockets := t.TempDir()
	if len(sockets) > 80 {
		sockets, _ = os.MkdirTemp("", "a") // a socket's path must be short
		t.Cleanup(func() { os.RemoveAll(sockets) })
	}
	socket := filepath.Join(sockets, "agent")
	keys := agent.NewKeyring()
	raw, err := ssh.ParseRawPrivateKey(private)
	require.NoError(t, err)
	require.NoError(t, keys.Add(agent.AddedKey{PrivateKey: raw}))
	al, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { al.Close() })
	go func() {
		for {
			conn, err := al.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keys, conn); conn.Close() }()
		}
	}()

	url := "ssh://git@" + at + "/team/apps.git"
	for name, c := range map[string]struct {
		url    string
		opts   git.Options
		socket string
		want   error
		text   string
	}{
		"key":              {url, git.Options{KnownHosts: known, Credentials: git.Fixed(git.Credentials{Key: private})}, "", nil, ""},
		"encrypted key":    {url, git.Options{KnownHosts: known, Credentials: git.Fixed(git.Credentials{Key: lockedPEM, Passphrase: secret})}, "", nil, ""},
		"password":         {"ssh://" + at + "/team/apps.git", git.Options{KnownHosts: known, Credentials: git.Fixed(git.Credentials{Username: "ada", Password: secret})}, "", nil, ""},
		"in the URL":       {"ssh://ada:s3cr%2Bt%2Fpass%20word@" + at + "/team/apps.git", git.Options{KnownHosts: known}, "", nil, ""},
		"agent":            {url, git.Options{KnownHosts: known}, socket, nil, ""},
		"any host":         {url, git.Options{InsecureIgnoreHostKey: true, Credentials: git.Fixed(git.Credentials{Key: private})}, "", nil, ""},
		"other key":        {url, git.Options{KnownHosts: known, Credentials: git.Fixed(git.Credentials{Key: other})}, "", source.ErrUnauthorized, "accepts none"},
		"wrong passphrase": {url, git.Options{KnownHosts: known, Credentials: git.Fixed(git.Credentials{Key: lockedPEM, Passphrase: "x"})}, "", source.ErrUnauthorized, "cannot be read"},
		"wrong password":   {url, git.Options{KnownHosts: known, Credentials: git.Fixed(git.Credentials{Username: "ada", Password: "x"})}, "", source.ErrUnauthorized, "accepts none"},
		"no key":           {url, git.Options{KnownHosts: known}, "", source.ErrUnauthorized, "SSH_AUTH_SOCK is not set"},
		"token":            {url, git.Options{KnownHosts: known, Credentials: git.Fixed(git.Credentials{Token: secret})}, "", source.ErrUnauthorized, "a token is for https"},
		"unknown host":     {url, git.Options{KnownHosts: []string{empty}, Credentials: git.Fixed(git.Credentials{Key: private})}, "", source.ErrUntrusted, "is not in known_hosts"},
		"changed host":     {url, git.Options{KnownHosts: hosts(impostor.PublicKey()), Credentials: git.Fixed(git.Credentials{Key: private})}, "", source.ErrUntrusted, "somebody may be in between"},
		"no repository":    {"ssh://git@" + at + "/none/x", git.Options{KnownHosts: known, Credentials: git.Fixed(git.Credentials{Key: private})}, "", source.ErrNotRepository, "does not appear to be a git repository"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SSH_AUTH_SOCK", c.socket)
			repo := open(t, c.url, &c.opts)
			assert.NotContains(t, repo.String(), "@")
			s, err := repo.At("main").Fetch(t.Context(), source.Revision{})
			if c.want == nil {
				require.NoError(t, err)
				assert.Equal(t, h.String(), s.Commit.ID)
				assert.NotEmpty(t, read(t, s, "app-02/deploy.yaml"))
				return
			}
			require.ErrorIs(t, err, c.want)
			assert.ErrorContains(t, err, c.text)
			assert.NotContains(t, err.Error(), "s3cr")
			t.Log(err)
		})
	}
}
