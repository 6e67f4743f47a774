package git

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

// Credentials prove who asks. Set what the repository's server takes: a user name and password or a token over https and
// http, a private key or a password over ssh. No formatting, logging or JSON encoding of it shows a value.
type Credentials struct {
	// Username is for basic authentication and for ssh, where it defaults to the URL's user and then to "git".
	Username string
	// Password is for basic authentication and for ssh. Hosting services take access tokens here.
	Password string
	// Token is sent as "Authorization: Bearer".
	Token string
	// Key is an ssh private key in PEM or OpenSSH form, Passphrase what it is encrypted with.
	Key        []byte
	Passphrase string
}

// Fixed returns the same credentials each time, for [Options].Credentials.
func Fixed(c Credentials) func(context.Context) (Credentials, error) {
	return func(context.Context) (Credentials, error) { return c, nil }
}

const redacted = "[credentials]"

// String returns a text without any value.
func (c Credentials) String() string { return redacted }

// Format writes a text without any value, whatever the verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns a text without any value.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns a text without any value.
func (c Credentials) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// withUser fills what is not set from a URL's user and password.
func (c Credentials) withUser(u *url.Userinfo) Credentials {
	if u == nil || c.Token != "" {
		return c
	}
	if c.Username == "" {
		c.Username = u.Username()
	}
	if password, ok := u.Password(); ok && c.Password == "" && len(c.Key) == 0 {
		c.Password = password
	}
	return c
}
