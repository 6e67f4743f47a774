package manifest

import (
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// words are the plain scalars that YAML 1.1 gives a type by name.
var words = func() map[string]any {
	m := map[string]any{"": nil, "~": nil, "null": nil, "Null": nil, "NULL": nil}
	for _, w := range strings.Fields("y Y yes Yes YES true True TRUE on On ON") {
		m[w] = true
	}
	for _, w := range strings.Fields("n N no No NO false False FALSE off Off OFF") {
		m[w] = false
	}
	for _, w := range strings.Fields(".nan .NaN .NAN") {
		m[w] = math.NaN()
	}
	for _, w := range strings.Fields(".inf .Inf .INF +.inf +.Inf +.INF") {
		m[w] = math.Inf(1)
	}
	for _, w := range strings.Fields("-.inf -.Inf -.INF") {
		m[w] = math.Inf(-1)
	}
	return m
}()

var (
	floatForm = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	// dateForm is a superset of the timestamps of YAML 1.1, none of which is a number; they stay strings.
	dateForm = regexp.MustCompile(`^[0-9]{4}-`)
)

// scalar returns the value of a scalar node: nil, bool, int64, float64 or string.
func scalar(n *yaml.Node) (any, error) {
	v, err := resolve(n)
	if err != nil {
		return nil, err
	}
	return finite(v, n.Value)
}

// resolve returns the value of a scalar node as YAML means it: one of scalar's types, or uint64.
func resolve(n *yaml.Node) (any, error) {
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 {
		tag = n.ShortTag()
	} else if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value, nil
	}
	switch tag {
	case "":
		return plain(n.Value), nil
	case "!!null", "!!bool", "!!int", "!!float":
		v := plain(n.Value)
		ok := false
		switch v.(type) {
		case nil:
			ok = tag == "!!null"
		case bool:
			ok = tag == "!!bool"
		case int64, uint64:
			ok = tag == "!!int" || tag == "!!float"
		case float64:
			ok = tag == "!!float"
		}
		if !ok {
			return nil, fmt.Errorf("%q is no %s", n.Value, strings.TrimPrefix(tag, "!!"))
		}
		return v, nil
	case "!!binary":
		b, err := base64.StdEncoding.DecodeString(n.Value)
		if err != nil {
			return nil, fmt.Errorf("!!binary: %w", err)
		}
		return string(b), nil
	default:
		return n.Value, nil
	}
}

// plain resolves an unquoted scalar by the rules of YAML 1.1.
func plain(s string) any {
	if v, ok := words[s]; ok {
		return v
	}
	switch c := s[0]; {
	case c == '.':
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
	case c == '+' || c == '-' || c >= '0' && c <= '9':
		if dateForm.MatchString(s) {
			return s
		}
		digits := strings.ReplaceAll(s, "_", "")
		if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
			return i
		}
		if u, err := strconv.ParseUint(digits, 0, 64); err == nil {
			return u
		}
		if floatForm.MatchString(digits) {
			if f, err := strconv.ParseFloat(digits, 64); err == nil {
				return f
			}
		}
	}
	return s
}

// finite brings numbers into the two forms that unstructured objects know, the way that a trip through JSON does.
func finite(v any, text string) (any, error) {
	switch v := v.(type) {
	case uint64:
		return float64(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%s is no number that JSON can hold", text)
		}
		if v == math.Trunc(v) && math.Abs(v) < 1<<63 {
			return int64(v), nil
		}
	}
	return v, nil
}

// key returns a scalar as the key of a JSON object.
func key(n *yaml.Node) (string, error) {
	v, err := resolve(n)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		s := strconv.FormatFloat(v, 'g', -1, 32)
		switch s {
		case "+Inf":
			s = ".inf"
		case "-Inf":
			s = "-.inf"
		case "NaN":
			s = ".nan"
		}
		return s, nil
	default:
		return "", fmt.Errorf("%q is no key; quote it", n.Value)
	}
}
