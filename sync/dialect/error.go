package dialect

import "errors"

// ErrMalformed is what every [*Error] matches.
var ErrMalformed = errors.New("malformed annotation")

// Error is an annotation whose value cannot be read.
type Error struct {
	Key, Value string
	// Problem says what is wrong with the value and what would be right.
	Problem string
}

// Error returns `annotation helm.sh/hook-weight is "first": it should be an integer`.
func (e *Error) Error() string { return "annotation " + e.Key + ` is "` + e.Value + `": ` + e.Problem }

// Unwrap returns [ErrMalformed].
func (e *Error) Unwrap() error { return ErrMalformed }
