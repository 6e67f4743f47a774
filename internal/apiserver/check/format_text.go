package check

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// textFormats are the forms of texts that are no names.
var textFormats = map[string]Format{
	"oneline": unless("must not contain line breaks", func(s string) bool { return !strings.ContainsAny(s, "\r\n") }),
	"padded": unless("must not be padded with whitespace", func(s string) bool {
		return s == strings.TrimSpace(s)
	}),
	"image": unless("must not have leading or trailing whitespace", func(s string) bool { return s == strings.TrimSpace(s) }),
	"flexoption": unless("kubernetes.io and k8s.io namespaces are reserved", func(s string) bool {
		domain, _, _ := strings.Cut(strings.ToLower(s), "/")
		for _, reserved := range []string{"kubernetes.io", "k8s.io"} {
			if domain == reserved || strings.HasSuffix(domain, "."+reserved) {
				return false
			}
		}
		return true
	}),
	"printable": func(value any) []schema.Fault {
		text, _ := value.(string)
		if len(text) > 256 {
			return one("must be <= 256 characters long")
		}
		for i, r := range text {
			if !unicode.IsPrint(r) {
				return one(fmt.Sprintf("must only contain printable UTF-8 characters; non-printable character found at index %d", i))
			}
		}
		return nil
	},
	"timezone": timeZone,
	"cron":     cron,
}

// zones says that this machine knows time zones. Without them any name that looks like one is accepted.
var zones = func() bool {
	_, err := time.LoadLocation("Europe/Berlin")
	return err == nil
}

// timeZone checks the name of a time zone of the IANA database.
func timeZone(value any) []schema.Fault {
	text, _ := value.(string)
	if text == "" {
		return one("timeZone must be nil or non-empty string")
	}
	if strings.EqualFold(text, "Local") {
		return one("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")
	}
	if _, err := time.LoadLocation(text); err != nil && (zones() || !zoneName.MatchString(text)) {
		return one(err.Error())
	}
	return nil
}

// zoneName is what the names of all time zones look like.
var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)
