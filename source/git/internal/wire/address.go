package wire

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// Address is where a repository is. It holds no credentials except user.
type Address struct {
	Scheme string // "http", "https", "ssh", "git" or "file"
	Host   string // with the port, when one is given
	Path   string
	Query  string
	User   *url.Userinfo
}

// ParseAddress reads a URL, the scp form user@host:path, or a path. Errors do not repeat what may hold a credential.
func ParseAddress(s string) (Address, error) {
	if s == "" {
		return Address{}, errors.New("empty address")
	}
	if !strings.Contains(s, "://") {
		if a, ok := parseSCP(s); ok {
			return a, nil
		}
		p, err := filepath.Abs(s)
		return Address{Scheme: "file", Path: p}, err
	}
	u, err := url.Parse(s)
	if err != nil {
		return Address{}, errors.New("not a URL")
	}
	a := Address{Scheme: strings.ToLower(u.Scheme), Host: u.Host, Path: u.Path, Query: u.RawQuery, User: u.User}
	switch a.Scheme {
	case "git+ssh", "ssh+git":
		a.Scheme = "ssh"
	case "http", "https", "ssh", "git":
	case "file":
		if a.Host != "" && a.Host != "localhost" {
			return Address{}, fmt.Errorf("a file URL on another host, %s", a.Host)
		}
		a.Host, a.Query = "", ""
		a.Path = filepath.FromSlash(a.Path)
		return a, nil
	default:
		return Address{}, fmt.Errorf("scheme %q is not one of https, http, ssh, git, file", a.Scheme)
	}
	if u.Hostname() == "" {
		return Address{}, errors.New("no host")
	}
	if strings.Trim(a.Path, "/") == "" {
		return Address{}, errors.New("no path")
	}
	return a, nil
}

// parseSCP reads [user@]host:path: a colon before the first slash.
func parseSCP(s string) (Address, bool) {
	login, p, ok := strings.Cut(s, ":")
	if before, after, is6 := strings.Cut(s, "]:"); is6 && strings.Contains(before, "[") {
		login, p = before+"]", after
	}
	if !ok || p == "" || strings.ContainsAny(login, `/\`) || filepath.VolumeName(s) != "" {
		return Address{}, false
	}
	a := Address{Scheme: "ssh", Host: login, Path: p}
	if user, host, ok := strings.Cut(login, "@"); ok {
		a.User, a.Host = url.User(user), host
	}
	if a.Host == "" || strings.HasPrefix(a.Host, "-") {
		return Address{}, false
	}
	return a, true
}

// String returns the address as it may be printed: without user, password and query.
func (a Address) String() string {
	if a.Scheme == "file" {
		return a.Path
	}
	p := a.Path
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return (&url.URL{Scheme: a.Scheme, Host: a.Host, Path: p}).String()
}

// dialAddress returns host:port.
func (a Address) dialAddress(port string) string {
	if _, _, err := net.SplitHostPort(a.Host); err == nil {
		return a.Host
	}
	return net.JoinHostPort(strings.Trim(a.Host, "[]"), port)
}

// url returns the address for a request below the repository.
func (a Address) url(below, query string) *url.URL {
	if a.Query != "" && query != "" {
		query = a.Query + "&" + query
	} else if a.Query != "" {
		query = a.Query
	}
	return &url.URL{Scheme: a.Scheme, Host: a.Host, Path: path.Join(a.Path, below), RawQuery: query}
}
