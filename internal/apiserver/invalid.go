package apiserver

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// fewFaults is up to how many faults apimachinery may write the error. It takes quadratic time for it, which a body of a
// hundred thousand faults would make a hang.
const fewFaults = 100

// invalidStatus is the error for an object that is refused, the same as apimachinery's for any number of faults.
func invalidStatus(kind schema.GroupKind, name string, errs field.ErrorList) error {
	if len(errs) <= fewFaults {
		return apierrors.NewInvalid(kind, name, errs)
	}
	out := apierrors.NewInvalid(kind, name, nil)
	seen := map[string]bool{}
	var texts []string
	for _, err := range errs {
		out.ErrStatus.Details.Causes = append(out.ErrStatus.Details.Causes, metav1.StatusCause{
			Type: metav1.CauseType(err.Type), Message: err.ErrorBody(), Field: err.Field,
		})
		if text := err.Error(); !seen[text] {
			seen[text] = true
			texts = append(texts, text)
		}
	}
	all := texts[0]
	if len(texts) > 1 {
		all = "[" + strings.Join(texts, ", ") + "]"
	}
	out.ErrStatus.Message = fmt.Sprintf("%s %q is invalid: %s", kind.String(), name, all)
	return out
}
