package diff

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/itchyny/gojq"

	"github.com/setpoint-dev/setpoint/cluster"
)

// IgnoreRule says which fields of which objects are left alone: they are no difference, and no apply of ours changes them.
type IgnoreRule struct {
	// Group, Kind, Namespace and Name choose the objects, as patterns of [path.Match]. An empty group is the core group, an empty
	// kind, namespace or name every one. "*" is every group.
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	// JSONPointers name fields by RFC 6901: "/spec/replicas", "/metadata/annotations/example.com~1note".
	JSONPointers []string `json:"jsonPointers,omitempty"`
	// JQPaths name fields by path expressions of jq: `.spec.template.spec.containers[] | select(.name == "proxy")`. They are
	// evaluated on the desired and on the live object, and both places are ignored. An expression sees no environment, no
	// files and no other input.
	JQPaths []string `json:"jqPathExpressions,omitempty"`
	// Managers names field managers; what they own in the live object, by apply or by update, is ignored.
	Managers []string `json:"managedFieldsManagers,omitempty"`
	// Status adds the field status, of kinds that keep it with the rest. Where it has a subresource it is never compared.
	Status bool `json:"status,omitempty"`
}

// IgnoreOptions qualifies [NewIgnore]. Nil means the defaults.
type IgnoreOptions struct {
	// Timeout bounds one evaluation of one jq expression. Zero means one second. A comparison for which time ran out is
	// [Unsure].
	Timeout time.Duration
}

// Ignore is a set of rules that is ready for use. It is safe for concurrent use; nil ignores nothing.
//
// An ignored field is never changed. If another manager owns it, an apply leaves it out. If nobody but us owns it, the live value
// is sent, so that the ownership stays and the value does not move; leaving it out would remove or reset it. In structures that
// are applied as a whole (atomic lists and maps) the live part is copied in. What is not there is created as desired: an object,
// and an item of a list with identities; and a structure that is dropped goes with all that is in it. What the server makes of a
// field in consequence of another change is nothing that a rule can hold back.
type Ignore struct {
	rules   []ignoreRule
	timeout time.Duration
}

type ignoreRule struct {
	IgnoreRule
	number   int
	pointers [][]string
	queries  []*gojq.Code
}

// IgnoreError is a rule that cannot be used.
type IgnoreError struct {
	// Rule counts from zero, in the order of the rules.
	Rule int
	// Text is the part of the rule that is at fault.
	Text string
	Err  error
}

// Error returns `ignore rule 2: "/metadata/name": names what the object is`.
func (e *IgnoreError) Error() string {
	return fmt.Sprintf("ignore rule %d: %q: %v", e.Rule, e.Text, e.Err)
}

// Unwrap returns e.Err.
func (e *IgnoreError) Unwrap() error { return e.Err }

// NewIgnore checks and compiles rules. The errors, all of them joined, are each an [*IgnoreError]: a pattern, pointer or
// expression that cannot be read, and a pointer to what the object is (its type, name and namespace, or all of it). What depends on
// the kind is found when an object is prepared: the key of a list item, and a required field, cannot be ignored.
func NewIgnore(rules []IgnoreRule, opts *IgnoreOptions) (*Ignore, error) {
	i := &Ignore{timeout: time.Second}
	if opts != nil && opts.Timeout > 0 {
		i.timeout = opts.Timeout
	}
	var errs []error
	for n, r := range rules {
		c, before := ignoreRule{IgnoreRule: r, number: n}, len(errs)
		fail := func(text string, err error) { errs = append(errs, &IgnoreError{Rule: n, Text: text, Err: err}) }
		for _, pattern := range []string{r.Group, r.Kind, r.Namespace, r.Name} {
			if _, err := path.Match(pattern, ""); err != nil {
				fail(pattern, err)
			}
		}
		pointers := r.JSONPointers
		if r.Status {
			pointers = append(pointers[:len(pointers):len(pointers)], "/status")
		}
		for _, p := range pointers {
			steps, err := parsePointer(p)
			if err != nil {
				fail(p, err)
				continue
			}
			c.pointers = append(c.pointers, steps)
		}
		for _, text := range r.JQPaths {
			code, err := compileJQ(text)
			if err != nil {
				fail(text, err)
				continue
			}
			c.queries = append(c.queries, code)
		}
		if len(c.pointers)+len(c.queries)+len(r.Managers) == 0 && len(errs) == before {
			fail("", errors.New("names no field: give it pointers, expressions or managers"))
		}
		i.rules = append(i.rules, c)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return i, nil
}

// identity are the fields that say which object it is.
var identity = []string{"", "/apiVersion", "/kind", "/metadata", "/metadata/name", "/metadata/namespace", "/metadata/uid"}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

func parsePointer(text string) ([]string, error) {
	for _, p := range identity {
		if text == p {
			return nil, errors.New("names what the object is, which cannot be ignored")
		}
	}
	rest, ok := strings.CutPrefix(text, "/")
	if !ok {
		return nil, errors.New("a JSON pointer begins with a slash")
	}
	steps := strings.Split(rest, "/")
	for i, s := range steps {
		steps[i] = unescapePointer.Replace(s)
	}
	return steps, nil
}

func compileJQ(text string) (*gojq.Code, error) {
	if _, err := gojq.Parse(text); err != nil {
		return nil, err
	}
	q, err := gojq.Parse("path(" + text + "\n)")
	if err != nil {
		return nil, err
	}
	return gojq.Compile(q, gojq.WithEnvironLoader(func() []string { return nil }))
}

// of returns the rules for an object.
func (i *Ignore) of(ref cluster.Ref) []ignoreRule {
	if i == nil {
		return nil
	}
	var out []ignoreRule
	for _, r := range i.rules {
		if r.chooses(ref) {
			out = append(out, r)
		}
	}
	return out
}

func (r *ignoreRule) chooses(ref cluster.Ref) bool {
	match := func(pattern, name string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	}
	optional := func(pattern, name string) bool { return pattern == "" || match(pattern, name) }
	return match(r.Group, ref.Group) && optional(r.Kind, ref.Kind) && optional(r.Namespace, ref.Namespace) && optional(r.Name, ref.Name)
}
