package git

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git/internal/objects"
	"github.com/setpoint-dev/setpoint/source/git/internal/wire"
)

// Options say how a repository is reached and how much of it is accepted. Zero fields mean the defaults.
type Options struct {
	// Credentials is asked before each connection, so that rotated ones take effect. What it leaves empty comes from the
	// URL's user and password. Nil means only those, and over ssh the agent at SSH_AUTH_SOCK.
	Credentials func(ctx context.Context) (Credentials, error)
	// CA has certificates in PEM form that https servers may be signed by, besides the system's.
	CA []byte
	// KnownHosts are files in known_hosts format for ssh. None means ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts.
	KnownHosts []string
	// InsecureIgnoreHostKey makes ssh trust any server, and so anybody in between.
	InsecureIgnoreHostKey bool
	// CacheDir keeps what is fetched between processes, in one subdirectory for each repository; several processes may
	// share it. Old revisions stay, and damage shows as source.ErrCorrupt, until somebody deletes the directory. Empty means
	// memory. Local repositories need none.
	CacheDir string
	// MaxFileBytes bounds a file when it is opened; the default is 64 MiB.
	MaxFileBytes int64
	// MaxEntries bounds the files and directories of one revision; the default is 1 000 000.
	MaxEntries int
	// MaxFetchBytes bounds what one fetch receives, and what that unpacks to; the default is 1 GiB.
	MaxFetchBytes int64
}

// Repository is a Git repository. All sources of it share what has been fetched. It is safe for concurrent use, holds no
// connection or file open between calls, and needs no closing.
type Repository struct {
	address wire.Address
	backend backend
	maxFile int64
}

// backend finds and reads commits.
type backend interface {
	content() objects.Store
	// resolve finds the commit that a name means.
	resolve(ctx context.Context, name string) (plumbing.Hash, error)
	// obtain makes a commit's tree readable until release: want, or what name means when want is zero.
	obtain(ctx context.Context, name string, want plumbing.Hash) (plumbing.Hash, error)
	release(commit plumbing.Hash)
}

// Open returns the repository at a URL (https, http, ssh, git, file), an scp-style address (git@host:path) or a local path,
// which may be a work tree or bare. Only a local repository is looked at; a server is first asked by Resolve or Fetch. A
// nil opts means the defaults. Errors wrap [source.ErrNotRepository] or [source.ErrUnauthorized].
func Open(url string, opts *Options) (*Repository, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.MaxFileBytes <= 0 {
		o.MaxFileBytes = 64 << 20
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = 1_000_000
	}
	if o.MaxFetchBytes <= 0 {
		o.MaxFetchBytes = 1 << 30
	}
	a, err := wire.ParseAddress(url)
	if err != nil {
		return nil, &source.Error{Op: "open", Source: "repository", Err: fmt.Errorf("%w: %w", source.ErrNotRepository, err)}
	}
	r := &Repository{address: a, maxFile: o.MaxFileBytes}
	if r.backend, err = open(a, o); err != nil {
		return nil, &source.Error{Op: "open", Source: a.String(), Err: err}
	}
	return r, nil
}

func open(a wire.Address, o Options) (backend, error) {
	if a.Scheme == "file" {
		return openLocal(a.Path, o.MaxEntries)
	}
	login := func(ctx context.Context) (wire.Login, error) {
		var c Credentials
		if o.Credentials != nil {
			var err error
			if c, err = o.Credentials(ctx); err != nil {
				return wire.Login{}, fmt.Errorf("%w: no credentials: %w", source.ErrUnauthorized, err)
			}
		}
		return wire.Login(c.withUser(a.User)), nil
	}
	var c wire.Connector
	switch a.Scheme {
	case "http", "https":
		w := &wire.HTTP{Address: a, Login: login}
		if len(o.CA) > 0 {
			roots, err := x509.SystemCertPool()
			if err != nil {
				roots = x509.NewCertPool()
			}
			if !roots.AppendCertsFromPEM(o.CA) {
				return nil, errors.New("Options.CA has no certificate in PEM form")
			}
			w.Roots = roots
		}
		c = w
	case "ssh":
		c = &wire.SSH{Address: a, Login: login, KnownHosts: o.KnownHosts, Insecure: o.InsecureIgnoreHostKey}
	default:
		c = &wire.Daemon{Address: a}
	}
	if o.CacheDir == "" {
		return newRemote(c, objects.NewMemory(), o.MaxEntries, o.MaxFetchBytes, nil), nil
	}
	sum := sha256.Sum256([]byte(a.String() + "?" + a.Query))
	dir := filepath.Join(o.CacheDir, hex.EncodeToString(sum[:16]))
	m := &marks{filepath.Join(dir, "commits")}
	for _, must := range []string{filepath.Join(dir, "objects", "pack"), m.dir} {
		if err := os.MkdirAll(must, 0o700); err != nil {
			return nil, fmt.Errorf("cache directory: %w", err)
		}
	}
	d, err := objects.OpenDisk(dir)
	if err != nil {
		return nil, err
	}
	return newRemote(c, d, o.MaxEntries, o.MaxFetchBytes, m), nil
}

// String returns the repository's address without credentials.
func (r *Repository) String() string { return r.address.String() }
