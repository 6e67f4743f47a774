package strategy

import (
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
)

// NameRule returns what is wrong with a name, or with the beginning of one that is generated.
type NameRule = func(name string, prefix bool) []string

// The name rules, after https://kubernetes.io/docs/concepts/overview/working-with-objects/names/.
var (
	DNSSubdomain NameRule = validation.NameIsDNSSubdomain
	DNSLabel     NameRule = validation.NameIsDNSLabel
	PathSegment  NameRule = path.ValidatePathSegmentName
)
