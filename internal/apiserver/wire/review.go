package wire

import (
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// answers says how questions that are asked by creating an object are answered: what becomes the status.
// The questions of the one who asks about itself are answered by an object that has nothing of the one that asked.
var answers = map[string]func(c *call, obj *unstructured.Unstructured) (map[string]any, error){
	"selfsubjectaccessreviews": func(c *call, obj *unstructured.Unstructured) (map[string]any, error) {
		return accessReview(c, obj, true)
	},
	"subjectaccessreviews": func(c *call, obj *unstructured.Unstructured) (map[string]any, error) {
		return accessReview(c, obj, false)
	},
	"localsubjectaccessreviews": func(c *call, obj *unstructured.Unstructured) (map[string]any, error) {
		return accessReview(c, obj, false)
	},
	"selfsubjectrulesreviews": func(c *call, obj *unstructured.Unstructured) (map[string]any, error) {
		namespace, _, _ := unstructured.NestedString(obj.Object, "spec", "namespace")
		if namespace == "" {
			return nil, apierrors.NewBadRequest("no namespace on request")
		}
		obj.Object["metadata"], obj.Object["spec"] = map[string]any{}, map[string]any{}
		return rulesReview(c), nil
	},
	"selfsubjectreviews": func(c *call, obj *unstructured.Unstructured) (map[string]any, error) {
		obj.Object["metadata"] = map[string]any{"creationTimestamp": c.core.Time().UTC().Format(time.RFC3339)}
		return map[string]any{"userInfo": userInfo(c.r.Header)}, nil
	},
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
	if obj, err = c.core.Account(c.served, obj, w); err != nil {
		return err
	}
	if obj.Object["status"], err = answer(c, obj); err != nil {
		return err
	}
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
