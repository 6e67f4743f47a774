package kustomize

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

// secret remembers the values of a Secret.
func (w *walker) secret(value any) {
	m, _ := value.(map[string]any)
	if items, ok := m["items"].([]any); ok {
		for _, item := range items {
			w.secret(item)
		}
	}
	if m["kind"] != "Secret" {
		return
	}
	for _, field := range []string{"data", "stringData"} {
		values, _ := m[field].(map[string]any)
		for _, v := range values {
			s, _ := v.(string)
			w.hide(s)
			if plain, err := base64.StdEncoding.DecodeString(s); err == nil {
				w.hide(string(plain))
			}
		}
	}
}

// hide masks texts in messages. Short ones would mask too much.
func (w *walker) hide(texts ...string) {
	for _, s := range texts {
		if s = strings.TrimSpace(s); len(s) >= 8 {
			w.secrets[s] = true
		}
	}
}

// noise is what kustomize's messages say about directories that it tried to read as files, and about where things are in memory.
var noise = regexp.MustCompile(`accumulation err='accumulating resources from '[^']*': '[^']*' must resolve to a file': | &\{0x[^}]*\}`)

// clean returns kustomize's message without the mount point and without values of Secrets.
func (w *walker) clean(err error) string {
	s := strings.ReplaceAll(err.Error(), mount+"/", "")
	s = strings.ReplaceAll(s, mount, ".")
	s = noise.ReplaceAllString(s, "")
	hidden := make([]string, 0, len(w.secrets))
	for text := range w.secrets {
		hidden = append(hidden, text)
	}
	// The longest first: one may be part of another.
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) })
	for _, text := range hidden {
		s = strings.ReplaceAll(s, text, "******")
		s = strings.ReplaceAll(s, strings.ReplaceAll(text, "\n", "\\n"), "******")
	}
	return strings.TrimSpace(s)
}
