package kustomize

import (
	"net/url"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/api/resource"
)

// remote reports whether kustomize would fetch p, as a file over http or as a git repository. Where the two could differ it says
// yes: forms that kustomize takes for a local path today, such as a URL of an unknown scheme, are no path of a source tree.
func remote(p string) (is bool) {
	if u, err := url.Parse(p); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return true
	}
	lower := strings.ToLower(p)
	if strings.HasPrefix(lower, "git::") {
		return true
	}
	if !strings.ContainsAny(p, "\n") && scheme.MatchString(p) {
		return true
	}
	// kustomize's own parser is not exported, but a resource's origin shows what it says.
	defer func() {
		if recover() != nil {
			is = true
		}
	}()
	var o resource.Origin
	return o.Append(p).Repo != ""
}

var scheme = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)

// safe returns a remote path without what may be a credential: the user and the query of a URL.
func safe(p string) string {
	p, _, _ = strings.Cut(p, "?")
	return userInfo.ReplaceAllString(p, "//")
}

var userInfo = regexp.MustCompile(`//[^/]*@`)
