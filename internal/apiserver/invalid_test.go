package apiserver

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestInvalidStatusIsApimachinerys(t *testing.T) {
	kind := schema.GroupKind{Group: "apps", Kind: "Deployment"}
	for _, distinct := range []int{1, 2, 500} {
		for _, n := range []int{1, 2, fewFaults, fewFaults + 1, 500} {
			var errs field.ErrorList
			for i := range n {
				errs = append(errs, field.Invalid(field.NewPath("spec").Index(i%distinct), fmt.Sprint(i%distinct), "it is odd"))
			}
			assert.Equal(t, apierrors.NewInvalid(kind, "web", errs), invalidStatus(kind, "web", errs), "%d faults, %d distinct", n, distinct)
		}
	}
}
