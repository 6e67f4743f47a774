package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Marker stands where a value was.
const Marker = "(redacted)"

// minimum is the length in bytes from which on a value is masked.
const minimum = 8

// Mask replaces the values of Secrets. A nil Mask replaces nothing.
type Mask struct {
	replacer *strings.Replacer
	next     *Mask
}

// Then returns a mask that replaces what m does, and then what next does. Either may be nil.
func (m *Mask) Then(next *Mask) *Mask {
	switch {
	case m == nil:
		return next
	case next == nil:
		return m
	}
	return &Mask{replacer: m.replacer, next: m.next.Then(next)}
}

func (m *Mask) replace(s string) string {
	for ; m != nil; m = m.next {
		s = m.replacer.Replace(s)
	}
	return s
}

// Of returns a mask of every value in data and stringData of the Secrets among objs, in their text and their base64 forms.
// Objects of other kinds, and nil ones, are skipped. The result is nil when there is nothing to mask.
func Of(objs ...*unstructured.Unstructured) *Mask {
	forms := map[string]bool{}
	for _, obj := range objs {
		if !IsSecret(obj) {
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			values, _ := obj.Object[field].(map[string]any)
			for _, v := range values {
				s, ok := v.(string)
				if !ok {
					continue
				}
				collect(forms, s)
				if field == "stringData" {
					continue
				}
				if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s)); err == nil {
					collect(forms, string(raw))
				}
			}
		}
	}
	if len(forms) == 0 {
		return nil
	}
	// A replacer prefers the pair that comes first, so the longest form of a value goes before those that it contains.
	ordered := slices.SortedFunc(maps.Keys(forms), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(ordered))
	for _, form := range ordered {
		pairs = append(pairs, form, Marker)
	}
	return &Mask{replacer: strings.NewReplacer(pairs...)}
}

// collect adds the forms in which value may appear: as it is, without the white space around it, escaped as in JSON and Go
// literals, and in the alphabets of base64.
func collect(forms map[string]bool, value string) {
	for _, v := range []string{value, strings.TrimSpace(value)} {
		if len(v) < minimum {
			continue
		}
		forms[v] = true
		for _, quoted := range quotations(v) {
			forms[quoted] = true
		}
		literal := strconv.Quote(v)
		forms[literal[1:len(literal)-1]] = true
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
			forms[e.EncodeToString([]byte(v))] = true
		}
	}
}

// quotations returns how encoders write a text inside of a JSON string: Go's, which escapes what HTML gives a meaning to, those
// that do not, and those that write ASCII only.
func quotations(v string) []string {
	html, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil
	}
	plain := strings.TrimSuffix(b.String(), "\n")
	var ascii strings.Builder
	for _, c := range utf16.Encode([]rune(plain)) {
		if c < utf8.RuneSelf {
			ascii.WriteByte(byte(c))
			continue
		}
		fmt.Fprintf(&ascii, `\u%04x`, c)
	}
	out := []string{string(html), plain, ascii.String()}
	for i, s := range out {
		out[i] = s[1 : len(s)-1]
	}
	return out
}

// IsSecret says whether obj is a Secret of the core group.
func IsSecret(obj *unstructured.Unstructured) bool {
	if obj == nil {
		return false
	}
	gvk := obj.GroupVersionKind()
	return gvk.Group == "" && gvk.Kind == "Secret"
}

// String returns s with each occurrence of a value replaced by [Marker].
func (m *Mask) String(s string) string {
	if m == nil {
		return s
	}
	return m.replace(s)
}

// Value returns v, a value as JSON decodes it, with every string and map key in it masked. v is not
// changed; a nil mask returns v itself.
func (m *Mask) Value(v any) any {
	if m == nil {
		return v
	}
	switch v := v.(type) {
	case string:
		return m.replace(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[m.replace(k)] = m.Value(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = m.Value(e)
		}
		return out
	}
	return v
}

// Error returns an error with the masked message of err. An err whose message needs no mask is returned as it is;
// otherwise the chain of causes is cut, because the causes hold the text, and what errors.Is found in it is lost.
func (m *Mask) Error(err error) error {
	if m == nil || err == nil {
		return err
	}
	text := err.Error()
	masked := m.replace(text)
	if masked == text {
		return err
	}
	return maskedError(masked)
}

type maskedError string

func (e maskedError) Error() string { return string(e) }
