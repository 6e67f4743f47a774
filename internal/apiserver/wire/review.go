package wire

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// answers says how questions that are asked by creating an object are answered: what becomes the status. Every identity may do
// everything here.
var answers = map[string]func(c *call) map[string]any{
	"selfsubjectaccessreviews":  allowed,
	"subjectaccessreviews":      allowed,
	"localsubjectaccessreviews": allowed,
	"selfsubjectrulesreviews": func(*call) map[string]any {
		all := []any{"*"}
		return map[string]any{
			"resourceRules":    []any{map[string]any{"verbs": all, "apiGroups": all, "resources": all}},
			"nonResourceRules": []any{map[string]any{"verbs": all, "nonResourceURLs": all}},
			"incomplete":       false,
		}
	},
	"selfsubjectreviews": func(c *call) map[string]any { return map[string]any{"userInfo": userInfo(c.r.Header)} },
}

// userInfo is who a request says it is: everything that the headers of impersonation carry.
func userInfo(h http.Header) map[string]any {
	const extra = "Impersonate-Extra-"
	out := map[string]any{"username": cmp.Or(h.Get("Impersonate-User"), "system:admin")}
	if uid := h.Get("Impersonate-Uid"); uid != "" {
		out["uid"] = uid
	}
	groups := anys(h.Values("Impersonate-Group"))
	out["groups"] = append(groups, "system:authenticated")
	extras := map[string]any{}
	for name, values := range h {
		escaped, ok := strings.CutPrefix(name, extra)
		if !ok {
			continue
		}
		key, err := url.PathUnescape(strings.ToLower(escaped))
		if err != nil {
			key = strings.ToLower(escaped)
		}
		extras[key] = anys(values)
	}
	if len(extras) > 0 {
		out["extra"] = extras
	}
	return out
}

func anys(values []string) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

func allowed(*call) map[string]any {
	return map[string]any{"allowed": true, "reason": "the in-memory API server allows everything"}
}

// review answers a kind that is not stored.
func (c *call) review() error {
	answer, ok := answers[c.served.GVR.Resource]
	if !ok {
		return notImplemented(c.served.GVK.Kind)
	}
	w, err := c.write("")
	if err != nil {
		return err
	}
	obj, err := c.readObject(c.served, w)
	if err != nil {
		return err
	}
	obj.Object["status"] = answer(c)
	return c.sendObject(http.StatusCreated, obj)
}

// createSubresource serves what is written by a POST below an object.
func (c *call) createSubresource(w apiserver.Write) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	served, err := c.core.Post(c.served, data, w)
	if err != nil {
		return err
	}
	if !served {
		return notImplemented(c.served.GVR.Resource + "/" + c.target.subresource)
	}
	send(c.w, http.StatusCreated, c.format, statusKind, &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess, Code: http.StatusCreated,
	})
	return nil
}
