package git

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAddresses(t *testing.T) {
	for in, want := range map[string]struct{ text, user, dial string }{
		"https://example.com/apps.git":                     {"https://example.com/apps.git", "", "example.com:443"},
		"https://ada:pw@example.com:8443/a/apps?token=x#y": {"https://example.com:8443/a/apps", "ada:pw", "example.com:8443"},
		"HTTPS://example.com/apps":                         {"https://example.com/apps", "", "example.com:443"},
		"ssh://git@example.com:2222/a/apps.git":            {"ssh://example.com:2222/a/apps.git", "git", "example.com:2222"},
		"git+ssh://example.com/~ada/apps":                  {"ssh://example.com/~ada/apps", "", "example.com:443"},
		"git@example.com:team/apps.git":                    {"ssh://example.com/team/apps.git", "git", "example.com:443"},
		"example.com:apps":                                 {"ssh://example.com/apps", "", "example.com:443"},
		"git@[::1]:apps":                                   {"ssh://[::1]/apps", "git", "[::1]:443"},
		"git://[::1]:9/apps":                               {"git://[::1]:9/apps", "", "[::1]:9"},
		"file:///srv/apps":                                 {"/srv/apps", "", ""},
		"file://localhost/srv/apps":                        {"/srv/apps", "", ""},
		"/srv/a:b":                                         {"/srv/a:b", "", ""},
	} {
		a, err := parseAddress(in)
		require.NoError(t, err, in)
		assert.Equal(t, want.text, a.String(), in)
		user := ""
		if a.user != nil {
			user = a.user.String()
		}
		assert.Equal(t, want.user, user, in)
		if want.dial != "" {
			assert.Equal(t, want.dial, a.dialAddress("443"), in)
		}
	}
	for _, in := range []string{"", "ftp://h/x", "https://", "https:///x", "https://h", "https://h/", "file://elsewhere/x", "http://ada:s3cret@h\x7f/x", "ssh://:22/x"} {
		_, err := parseAddress(in)
		require.Error(t, err, in)
		assert.NotContains(t, err.Error(), "s3cret")
	}
}

func TestScrub(t *testing.T) {
	c := Credentials{Username: "ada", Password: "p@ss word", Token: "tok/en", Passphrase: "p@ss word, longer"}
	for in, want := range map[string]string{
		"for ada: p@ss word": "for ada: ***", "p%40ss+word p@ss%20word": "*** ***", "tok/en tok%2Fen": "*** ***",
		"p@ss word, longer": "***", "YWRhOnBAc3Mgd29yZA==": "***",
	} {
		assert.Equal(t, want, c.scrub(in))
	}
	assert.Equal(t, "bad *** for git", Credentials{Username: "ghp_token"}.scrub("bad ghp_token for git"))
	assert.Equal(t, "git-upload-pack", Credentials{Username: "git"}.scrub("git-upload-pack"))
}
