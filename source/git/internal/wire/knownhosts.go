package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/setpoint-dev/setpoint/source"
)

// knownHosts answers whether a server's key is the expected one, from files in the format of sshd(8).
type knownHosts struct{ callback ssh.HostKeyCallback }

// readKnownHosts reads the files that are given, or else those of the user and the machine that exist.
func readKnownHosts(files []string) (*knownHosts, error) {
	if len(files) == 0 {
		candidates := []string{"/etc/ssh/ssh_known_hosts"}
		if home, err := os.UserHomeDir(); err == nil {
			candidates = append(candidates, filepath.Join(home, ".ssh", "known_hosts"))
		}
		for _, file := range candidates {
			if _, err := os.Stat(file); err == nil {
				files = append(files, file)
			}
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%w: there is no known_hosts file; set Options.KnownHosts", source.ErrUntrusted)
		}
	}
	callback, err := knownhosts.New(files...)
	if err != nil {
		return nil, fmt.Errorf("%w: known_hosts: %v", source.ErrUntrusted, err)
	}
	return &knownHosts{callback}, nil
}

// check returns nil for an expected key.
func (k *knownHosts) check(host string, remote net.Addr, key ssh.PublicKey) error {
	err := k.callback(host, remote, key)
	var mismatch *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		return fmt.Errorf("%w: the key of %s is revoked in known_hosts", source.ErrUntrusted, host)
	case errors.As(err, &mismatch) && len(mismatch.Want) == 0:
		return fmt.Errorf("%w: %s is not in known_hosts; add the key %s if it is right", source.ErrUntrusted, host, ssh.FingerprintSHA256(key))
	case errors.As(err, &mismatch):
		return fmt.Errorf("%w: the key of %s is not the one in known_hosts, but %s; somebody may be in between", source.ErrUntrusted, host, ssh.FingerprintSHA256(key))
	}
	return fmt.Errorf("%w: %v", source.ErrUntrusted, err)
}

// algorithms returns the kinds of key that are known of a host, so that the server shows one of those. The callback tells
// them when it is shown a key that cannot be right.
func (k *knownHosts) algorithms(host string) []string {
	var mismatch *knownhosts.KeyError
	if !errors.As(k.callback(host, &net.TCPAddr{}, noKey{}), &mismatch) {
		return nil
	}
	var kinds []string
	for _, known := range mismatch.Want {
		switch kind := known.Key.Type(); kind {
		case ssh.KeyAlgoRSA:
			kinds = append(kinds, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// noKey is a key that no host has.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return nil }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }
