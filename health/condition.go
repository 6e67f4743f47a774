package health

import (
	"fmt"
	"strings"
)

// condition is an entry of status.conditions (KEP-1623).
type condition struct {
	kind, status, reason, message string
	// observed is the generation that it speaks of, zero when it does not say.
	observed int64
}

func (c condition) isTrue() bool { return strings.EqualFold(c.status, "True") }

func (c condition) isFalse() bool { return strings.EqualFold(c.status, "False") }

// why returns the condition's reason, or a word made of its type and status.
func (c condition) why() string {
	if c.reason != "" {
		return c.reason
	}
	if c.isTrue() {
		return c.kind
	}
	return "Not" + c.kind
}

// says returns what the condition tells a person.
func (c condition) says() string {
	s := fmt.Sprintf("condition %s is %s", c.kind, orNone(c.status))
	if c.reason != "" {
		s += " (" + c.reason + ")"
	}
	if c.message != "" {
		s += ": " + strings.TrimSuffix(strings.TrimSpace(c.message), ".")
	}
	return s
}

func orNone(s string) string {
	if s == "" {
		return "unset"
	}
	return s
}

// conditions returns those of an object, in its order. Of a type that is there twice the first counts.
func (v view) conditions(path ...string) []condition {
	if len(path) == 0 {
		path = []string{"status", "conditions"}
	}
	var all []condition
	seen := map[string]bool{}
	for _, c := range v.list(path...) {
		kind := c.str("type")
		if kind == "" || seen[kind] {
			continue
		}
		seen[kind] = true
		all = append(all, condition{kind, c.str("status"), c.str("reason"), c.str("message"), c.count("observedGeneration")})
	}
	return all
}

// condition returns the one of a type, the zero condition when there is none.
func (v view) condition(kind string) condition {
	for _, c := range v.conditions() {
		if c.kind == kind {
			return c
		}
	}
	return condition{}
}

// notObserved reports whether the controller has yet to see the object, or its latest change.
func (v view) notObserved() (Result, bool) {
	observed, ok := v.int("status", "observedGeneration")
	if !ok {
		return progressing(ReasonNoStatus, "the controller has not reported yet"), true
	}
	if generation := v.count("metadata", "generation"); generation > 0 && generation != observed {
		return progressing(ReasonNotObserved, "the controller has seen generation %d of %d", observed, generation), true
	}
	return Result{}, false
}
