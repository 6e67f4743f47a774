package wire

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Login proves who asks. Its fields are those of the exported type, which converts to it.
type Login struct {
	Username, Password, Token string
	Key                       []byte
	Passphrase                string
}

// Format writes a text without any value, whatever the verb.
func (c Login) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[credentials]") }

// authorize signs an HTTP request.
func (c Login) authorize(r *http.Request) {
	switch {
	case c.Token != "":
		r.Header.Set("Authorization", "Bearer "+c.Token)
	case c.Username != "" || c.Password != "":
		r.SetBasicAuth(c.Username, c.Password)
	}
}

// scrub takes every secret out of a text that somebody else wrote.
func (c Login) scrub(text string) string {
	secrets := []string{c.Password, c.Token, c.Passphrase}
	// A token may stand where the user name does, alone or with a fixed word as password.
	if c.Password == "" || c.Password == "x-oauth-basic" || len(c.Username) >= 16 {
		secrets = append(secrets, c.Username)
	}
	if c.Password != "" {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password)))
	}
	// The longest first: one secret may contain another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, s := range secrets {
		if s == "" || s == "git" {
			continue
		}
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			text = strings.ReplaceAll(text, form, "***")
		}
	}
	return text
}
