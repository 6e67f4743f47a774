package wire

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	authentication "k8s.io/api/authentication/v1"
)

// identity is who a request says it is: everything that the headers of impersonation carry. Nobody is asked to prove it.
func identity(h http.Header) authentication.UserInfo {
	const extra = "Impersonate-Extra-"
	user := authentication.UserInfo{
		Username: cmp.Or(h.Get("Impersonate-User"), "system:admin"),
		UID:      h.Get("Impersonate-Uid"),
		Groups:   append(append([]string{}, h.Values("Impersonate-Group")...), "system:authenticated"),
	}
	for name, values := range h {
		escaped, ok := strings.CutPrefix(name, extra)
		if !ok {
			continue
		}
		key, err := url.PathUnescape(strings.ToLower(escaped))
		if err != nil {
			key = strings.ToLower(escaped)
		}
		if user.Extra == nil {
			user.Extra = map[string]authentication.ExtraValue{}
		}
		user.Extra[key] = values
	}
	return user
}
