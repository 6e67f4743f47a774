package check

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

func climbs(s string) bool {
	return slices.Contains(strings.Split(strings.ReplaceAll(s, `\`, "/"), "/"), "..")
}

var (
	relative = unless("must be a relative path", func(s string) bool { return !path.IsAbs(s) })
	inside   = unless("must not contain '..'", func(s string) bool { return !slices.Contains(strings.Split(s, "/"), "..") })
	visible  = unless("must not start with '..'", func(s string) bool {
		return !strings.HasPrefix(s, "..") || strings.HasPrefix(s, "../")
	})
)

// pathFormats are the forms of paths and URLs.
var pathFormats = map[string]Format{
	"absolute":  unless("must be an absolute path", path.IsAbs),
	"relative":  relative,
	"inside":    inside,
	"backsteps": unless("can not contain backsteps ('..')", func(s string) bool { return !climbs(s) }),
	"localpath": func(value any) []schema.Fault {
		return slices.Concat(relative(value), inside(value))
	},
	"keypath": func(value any) []schema.Fault {
		return slices.Concat(relative(value), inside(value), visible(value))
	},
	"noslash":     unless("must not contain '/'", func(s string) bool { return !strings.Contains(s, "/") }),
	"servicepath": invalid(servicePath),
	"hookurl":     hookURL,
	"httppath":    invalid(httpPath),
}

// httpPath checks the path of an Ingress that is to be taken as it is.
func httpPath(s string) []string {
	var out []string
	if !strings.HasPrefix(s, "/") {
		out = append(out, "must be an absolute path")
	}
	for _, part := range []string{"//", "/./", "/../", "%2f", "%2F"} {
		if strings.Contains(s, part) {
			out = append(out, fmt.Sprintf("must not contain '%s'", part))
		}
	}
	for _, end := range []string{"/..", "/."} {
		if strings.HasSuffix(s, end) {
			out = append(out, fmt.Sprintf("cannot end with '%s'", end))
		}
	}
	return out
}

// servicePath checks the path at which a webhook's Service is called.
func servicePath(s string) []string {
	var out []string
	if s == "" || s == "/" {
		return nil
	}
	if s == "//" {
		return []string{"segment[0] may not be empty"}
	}
	if !strings.HasPrefix(s, "/") {
		out = append(out, "must start with a '/'")
	}
	if len(s) < 2 {
		return append(out, "segment[0] may not be empty")
	}
	steps := strings.Split(strings.TrimSuffix(s[1:], "/"), "/")
	for i, step := range steps {
		if step == "" {
			out = append(out, fmt.Sprintf("segment[%d] may not be empty", i))
			continue
		}
		for _, fault := range validation.IsDNS1123Subdomain(step) {
			out = append(out, fmt.Sprintf("segment[%d]: %s", i, fault))
		}
	}
	return out
}

// hookURL checks the address of a webhook.
func hookURL(value any) []schema.Fault {
	const form = "; desired format: https://host[/path]"
	text, _ := value.(string)
	u, err := url.Parse(text)
	if err != nil {
		return []schema.Fault{{Type: string(field.ErrorTypeRequired), Detail: "url must be a valid URL: " + err.Error() + form}}
	}
	var out []schema.Fault
	if u.Scheme != "https" {
		out = append(out, one("'https' is the only allowed URL scheme"+form)...)
	}
	if u.Host == "" {
		out = append(out, one("host must be specified"+form)...)
	}
	if u.User != nil {
		out = append(out, one("user information is not permitted in the URL")...)
	}
	if u.Fragment != "" {
		out = append(out, one("fragments are not permitted in the URL")...)
	}
	if u.RawQuery != "" {
		out = append(out, one("query parameters are not permitted in the URL")...)
	}
	return out
}
