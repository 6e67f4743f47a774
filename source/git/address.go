package git

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// address is where a repository is. It holds no credentials except user.
type address struct {
	scheme string // "http", "https", "ssh", "git" or "file"
	host   string // with the port, when one is given
	path   string
	query  string
	user   *url.Userinfo
}

// parseAddress reads a URL, the scp form user@host:path, or a path. Errors do not repeat what may hold a credential.
func parseAddress(s string) (address, error) {
	if s == "" {
		return address{}, errors.New("empty address")
	}
	if !strings.Contains(s, "://") {
		if a, ok := parseSCP(s); ok {
			return a, nil
		}
		p, err := filepath.Abs(s)
		return address{scheme: "file", path: p}, err
	}
	u, err := url.Parse(s)
	if err != nil {
		return address{}, errors.New("not a URL")
	}
	a := address{scheme: strings.ToLower(u.Scheme), host: u.Host, path: u.Path, query: u.RawQuery, user: u.User}
	switch a.scheme {
	case "git+ssh", "ssh+git":
		a.scheme = "ssh"
	case "http", "https", "ssh", "git":
	case "file":
		if a.host != "" && a.host != "localhost" {
			return address{}, fmt.Errorf("a file URL on another host, %s", a.host)
		}
		a.host, a.query = "", ""
		a.path = filepath.FromSlash(a.path)
		return a, nil
	default:
		return address{}, fmt.Errorf("scheme %q is not one of https, http, ssh, git, file", a.scheme)
	}
	if u.Hostname() == "" {
		return address{}, errors.New("no host")
	}
	if strings.Trim(a.path, "/") == "" {
		return address{}, errors.New("no path")
	}
	return a, nil
}

// parseSCP reads [user@]host:path: a colon before the first slash.
func parseSCP(s string) (address, bool) {
	login, p, ok := strings.Cut(s, ":")
	if before, after, is6 := strings.Cut(s, "]:"); is6 && strings.Contains(before, "[") {
		login, p = before+"]", after
	}
	if !ok || p == "" || strings.ContainsAny(login, `/\`) || filepath.VolumeName(s) != "" {
		return address{}, false
	}
	a := address{scheme: "ssh", host: login, path: p}
	if user, host, ok := strings.Cut(login, "@"); ok {
		a.user, a.host = url.User(user), host
	}
	if a.host == "" || strings.HasPrefix(a.host, "-") {
		return address{}, false
	}
	return a, true
}

// String returns the address as it may be printed: without user, password and query.
func (a address) String() string {
	if a.scheme == "file" {
		return a.path
	}
	p := a.path
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return (&url.URL{Scheme: a.scheme, Host: a.host, Path: p}).String()
}

// dialAddress returns host:port.
func (a address) dialAddress(port string) string {
	if _, _, err := net.SplitHostPort(a.host); err == nil {
		return a.host
	}
	return net.JoinHostPort(strings.Trim(a.host, "[]"), port)
}

// url returns the address for a request below the repository.
func (a address) url(below, query string) *url.URL {
	if a.query != "" && query != "" {
		query = a.query + "&" + query
	} else if a.query != "" {
		query = a.query
	}
	return &url.URL{Scheme: a.scheme, Host: a.host, Path: path.Join(a.path, below), RawQuery: query}
}
