package wire

import (
	"net/http"

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

// userInfo is who a request says it is, as a review tells it.
func userInfo(h http.Header) map[string]any {
	user := identity(h)
	out := map[string]any{"username": user.Username, "groups": anys(user.Groups)}
	if user.UID != "" {
		out["uid"] = user.UID
	}
	if len(user.Extra) > 0 {
		extra := map[string]any{}
		for key, values := range user.Extra {
			extra[key] = anys(values)
		}
		out["extra"] = extra
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
