package diff

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"k8s.io/apimachinery/pkg/runtime"
)

const redacted = "(redacted)"

// Value is one side of a change. The zero Value is an absent one. A value that is secret never shows its content, by
// whatever means it is printed, encoded or logged.
type Value struct {
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

// Interface returns a copy of the value as JSON decodes it, integers as int64. It is nil for an absent one, and the marker
// "(redacted)" for a secret one.
func (v Value) Interface() any {
	switch {
	case !v.set:
		return nil
	case v.secret:
		return redacted
	}
	return runtime.DeepCopyJSONValue(v.v)
}

// String returns the value as JSON in one line, "(redacted)" when it is secret, and "" when it is absent.
func (v Value) String() string {
	switch {
	case !v.set:
		return ""
	case v.secret:
		return redacted
	}
	data, err := json.Marshal(v.v)
	if err != nil {
		return "(not JSON)"
	}
	return string(data)
}

// Format writes what String returns, for every verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(v.String())) }

// MarshalJSON encodes what Interface returns.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.Interface()) }

// LogValue logs what String returns.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }
