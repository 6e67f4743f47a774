package diff

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/setpoint-dev/setpoint/internal/redact"
)

const redacted = redact.Marker

// Value is one side of a change. The zero Value is an absent one. A value that is secret does not hold its content, so that no
// means of printing, encoding or logging can show it.
type Value struct {
	// v is fit to be shown.
	v      any
	set    bool
	secret bool
}

// Present says whether there is a value; null is one.
func (v Value) Present() bool { return v.set }

// Secret says whether the content is withheld.
func (v Value) Secret() bool { return v.secret }

// IsZero says that the value is absent.
func (v Value) IsZero() bool { return !v.set }

// Interface returns a copy of the value as JSON decodes it, integers as int64; nil for an absent one. In a secret one the
// marker "(redacted)" stands in the place of each content.
func (v Value) Interface() any { return clone(v.v) }

// String returns the value as JSON in one line, what is secret in it redacted, and "" when it is absent.
func (v Value) String() string {
	if !v.set {
		return ""
	}
	if v.v == redacted {
		return redacted
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v.v); err != nil {
		return "(not JSON)"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Format writes what String returns, for every verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(v.String())) }

// MarshalJSON encodes what Interface returns.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.Interface()) }

// LogValue logs what String returns.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }
