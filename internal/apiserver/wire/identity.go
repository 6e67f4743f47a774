package wire

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	authentication "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
)

// The names of the identities and groups that stand for more than themselves.
const (
	anonymous       = "system:anonymous"
	authenticated   = "system:authenticated"
	unauthenticated = "system:unauthenticated"
	serviceAccounts = "system:serviceaccounts"
	accountPrefix   = "system:serviceaccount:"
)

// identity is who a request says it is: everything that the headers of impersonation carry. Nobody is asked to prove it.
// Groups are those of https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation.
func identity(h http.Header) authentication.UserInfo {
	user := impersonated(h)
	if user.Username == "" {
		return authentication.UserInfo{Username: "system:admin", Groups: []string{authenticated}}
	}
	user.Groups = slices.Clone(user.Groups)
	if namespace, ok := accountNamespace(user.Username); ok && len(user.Groups) == 0 {
		user.Groups = []string{serviceAccounts, serviceAccounts + ":" + namespace}
	}
	own := authenticated
	if user.Username == anonymous || slices.Contains(user.Groups, unauthenticated) {
		own = unauthenticated
	}
	if !slices.Contains(user.Groups, own) {
		user.Groups = append(user.Groups, own)
	}
	return user
}

// impersonated is what the headers say, word for word.
func impersonated(h http.Header) authentication.UserInfo {
	user := authentication.UserInfo{
		Username: h.Get(authentication.ImpersonateUserHeader),
		UID:      h.Get(authentication.ImpersonateUIDHeader),
		Groups:   h.Values(authentication.ImpersonateGroupHeader),
	}
	for name, values := range h {
		escaped, ok := strings.CutPrefix(name, authentication.ImpersonateUserExtraHeaderPrefix)
		if !ok {
			continue
		}
		escaped = strings.ToLower(escaped)
		key, err := url.PathUnescape(escaped)
		if err != nil {
			key = escaped
		}
		if user.Extra == nil {
			user.Extra = map[string]authentication.ExtraValue{}
		}
		user.Extra[key] = append(user.Extra[key], values...)
	}
	return user
}

// checkIdentity refuses headers that say something about a user and not which one, in the words of the real server.
func checkIdentity(h http.Header) error {
	user := impersonated(h)
	if user.Username != "" || user.UID == "" && len(user.Groups) == 0 && len(user.Extra) == 0 {
		return nil
	}
	extra := "map[string][]string(nil)"
	if len(user.Extra) > 0 {
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(user.Extra)) {
			pairs = append(pairs, fmt.Sprintf("%q:%#v", key, []string(user.Extra[key])))
		}
		extra = "map[string][]string{" + strings.Join(pairs, ", ") + "}"
	}
	return apierrors.NewBadRequest(fmt.Sprintf(
		"requested &user.DefaultInfo{Name:\"\", UID:%q, Groups:%#v, Extra:%s} without impersonating a user name", user.UID, user.Groups, extra))
}

// accountNamespace returns the namespace of the service account that a user name stands for.
func accountNamespace(user string) (string, bool) {
	rest, ok := strings.CutPrefix(user, accountPrefix)
	if !ok {
		return "", false
	}
	namespace, name, ok := strings.Cut(rest, ":")
	ok = ok && len(validation.ValidateNamespaceName(namespace, false)) == 0 && len(validation.ValidateServiceAccountName(name, false)) == 0
	return namespace, ok
}
