package wire

import (
	"strings"
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
		a, err := ParseAddress(in)
		require.NoError(t, err, in)
		assert.Equal(t, want.text, a.String(), in)
		user := ""
		if a.User != nil {
			user = a.User.String()
		}
		assert.Equal(t, want.user, user, in)
		if want.dial != "" {
			assert.Equal(t, want.dial, a.dialAddress("443"), in)
		}
	}
	for _, in := range []string{"", "ftp://h/x", "https://", "https:///x", "https://h", "https://h/", "file://elsewhere/x", "http://ada:s3cret@h\x7f/x", "ssh://:22/x"} {
		_, err := ParseAddress(in)
		require.Error(t, err, in)
		assert.NotContains(t, err.Error(), "s3cret")
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"https://u:p@h/x?y", "git@h:x", "file:///x", "ssh://h:1/x", "x", "C:\\x", "http://[::1]:80/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress("https://user:s3cret@" + s)
		if err == nil && strings.Contains(a.String(), "s3cret") && !strings.Contains(s, "s3cret") {
			t.Fatal(a.String())
		}
		_, _ = ParseAddress(s)
	})
}
