package strategy

import (
	"encoding/base64"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// mostData is how many bytes the values of a ConfigMap or a Secret have at most together; MaxSecretSize in pkg/apis/core of
// Kubernetes v1.37.1.
const mostData = 1 << 20

// dataSize returns the check that values are not too large, in text and in base64. A fault is about the field at.
func dataSize(at, text, encoded string) check {
	return func(obj, _ map[string]any) field.ErrorList {
		total := 0
		values, _ := obj[text].(map[string]any)
		for _, value := range values {
			s, _ := value.(string)
			total += len(s)
		}
		values, _ = obj[encoded].(map[string]any)
		for _, value := range values {
			s, _ := value.(string)
			total += base64.StdEncoding.DecodedLen(len(s)) - (len(s) - len(strings.TrimRight(s, "=")))
		}
		if total <= mostData {
			return nil
		}
		return field.ErrorList{field.TooLong(field.NewPath(at), "", mostData)}
	}
}
