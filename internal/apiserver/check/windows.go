package check

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The forms of the names of users and domains on Windows.
var (
	controls     = regexp.MustCompile(`[[:cntrl:]]`)
	netBIOS      = regexp.MustCompile(`^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$`)
	domainName   = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)
	notInUser    = regexp.MustCompile(`["/\\:;|=,+*?<>@\[\]]`)
	dotsOrSpaces = regexp.MustCompile(`^[. ]+$`)
)

// windowsOptions: a user that Windows may have, alone or in a domain, and a credential of bounded size.
func windowsOptions(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(str(obj, "gmsaCredentialSpec")) > 64<<10 {
		errs = append(errs, field.Invalid(at.Child("gmsaCredentialSpec"), "", "gmsaCredentialSpec size must be under 64 KiB"))
	}
	name := str(obj, "runAsUserName")
	wrong := func(detail string) {
		errs = append(errs, field.Invalid(at.Child("runAsUserName"), name, "runAsUserName"+detail))
	}
	parts := strings.Split(name, `\`)
	switch {
	case name == "":
		return errs // A rule says so.
	case controls.MatchString(name):
		wrong(" cannot contain control characters")
		return errs
	case len(parts) > 2:
		wrong(" cannot contain more than one backslash")
		return errs
	}
	user := parts[len(parts)-1]
	if len(parts) == 2 {
		domain := parts[0]
		if len(domain) >= 256 {
			wrong("'s Domain length must be under 256 characters")
		}
		if !netBIOS.MatchString(domain) && !domainName.MatchString(domain) {
			wrong("'s Domain doesn't match the NetBios nor the DNS format")
		}
	}
	switch {
	case user == "":
		wrong("'s User cannot be empty")
	case len(user) > 104:
		wrong("'s User length must not be longer than 104 characters")
	}
	if dotsOrSpaces.MatchString(user) {
		wrong("'s User cannot contain only periods or spaces")
	}
	if notInUser.MatchString(user) {
		wrong(`'s User cannot contain the following characters: "/\:;|=,+*?<>@[]`)
	}
	return errs
}
