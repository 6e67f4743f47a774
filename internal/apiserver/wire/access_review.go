package wire

import (
	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// accessReview answers a question about one access: of the one who asks, or of the one whom the question names.
func accessReview(c *call, obj *unstructured.Unstructured, self bool) (map[string]any, error) {
	var review authorization.SubjectAccessReview
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, &review); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if errs := checkReview(&review, self); len(errs) > 0 {
		return nil, apierrors.NewInvalid(schema.GroupKind{Group: c.served.GVK.Group}, "", errs) // which kind, the real server does not say
	}
	a := Access{User: identity(c.r.Header)}
	if !self {
		a.User = authentication.UserInfo{Username: review.Spec.User, UID: review.Spec.UID, Groups: review.Spec.Groups}
		for key, values := range review.Spec.Extra {
			if a.User.Extra == nil {
				a.User.Extra = map[string]authentication.ExtraValue{}
			}
			a.User.Extra[key] = authentication.ExtraValue(values)
		}
	}
	if r := review.Spec.ResourceAttributes; r != nil {
		a.Verb, a.Group, a.Version, a.Resource, a.Subresource = r.Verb, r.Group, r.Version, r.Resource, r.Subresource
		a.Namespace, a.Name = r.Namespace, r.Name
	} else {
		a.Verb, a.Path = review.Spec.NonResourceAttributes.Verb, review.Spec.NonResourceAttributes.Path
	}
	return c.decide(a), nil
}

func checkReview(review *authorization.SubjectAccessReview, self bool) field.ErrorList {
	var errs field.ErrorList
	spec := &review.Spec
	if (spec.ResourceAttributes == nil) == (spec.NonResourceAttributes == nil) {
		errs = append(errs, field.Invalid(field.NewPath("spec"), spec.NonResourceAttributes,
			"exactly one of nonResourceAttributes or resourceAttributes must be specified"))
	}
	if !self && spec.User == "" && len(spec.Groups) == 0 {
		errs = append(errs, field.Invalid(field.NewPath("spec", "user"), spec.User, "at least one of user or group must be specified"))
	}
	if review.Namespace == "" {
		return errs
	}
	if spec.ResourceAttributes != nil && spec.ResourceAttributes.Namespace != review.Namespace {
		errs = append(errs, field.Invalid(field.NewPath("spec.resourceAttributes.namespace"), spec.ResourceAttributes.Namespace, "must match metadata.namespace"))
	}
	if spec.NonResourceAttributes != nil {
		errs = append(errs, field.Invalid(field.NewPath("spec.nonResourceAttributes"), spec.NonResourceAttributes, "disallowed on this kind of request"))
	}
	return errs
}

// rulesReview lists what the one who asks may do, as far as anybody knows.
func rulesReview(c *call) map[string]any {
	all := []any{"*"}
	if c.Authorize != nil {
		return map[string]any{
			"resourceRules": []any{}, "nonResourceRules": []any{}, "incomplete": true,
			"evaluationError": "the function that authorizes cannot be listed; ask it with a SelfSubjectAccessReview",
		}
	}
	return map[string]any{
		"resourceRules":    []any{map[string]any{"verbs": all, "apiGroups": all, "resources": all}},
		"nonResourceRules": []any{map[string]any{"verbs": all, "nonResourceURLs": all}},
		"incomplete":       false,
	}
}
