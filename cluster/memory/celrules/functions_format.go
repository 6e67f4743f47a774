package celrules

import (
	"net/url"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	names "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
)

var formatType = cel.ObjectType("kubernetes.NamedFormat")

// format checks texts.
type format struct {
	name  string
	check func(text string) []string // the faults
}

func formatValue(f format) ref.Val {
	return opaque[format]{f, formatType, func(a, b format) bool { return a.name == b.name }}
}

// formats are those that rules can name.
var formats = map[string]func(text string) []string{
	"dns1123Label":           func(s string) []string { return names.NameIsDNSLabel(s, false) },
	"dns1123LabelPrefix":     func(s string) []string { return names.NameIsDNSLabel(s, true) },
	"dns1123Subdomain":       func(s string) []string { return names.NameIsDNSSubdomain(s, false) },
	"dns1123SubdomainPrefix": func(s string) []string { return names.NameIsDNSSubdomain(s, true) },
	"dns1035Label":           func(s string) []string { return names.NameIsDNS1035Label(s, false) },
	"dns1035LabelPrefix":     func(s string) []string { return names.NameIsDNS1035Label(s, true) },
	"qualifiedName":          validation.IsQualifiedName,
	"labelValue":             validation.IsValidLabelValue,
	"uri": func(s string) []string {
		if _, err := url.ParseRequestURI(s); err != nil {
			return []string{err.Error()}
		}
		return nil
	},
	"uuid":     openAPIFormat("uuid", "does not match the UUID format"),
	"byte":     openAPIFormat("byte", "invalid base64"),
	"date":     openAPIFormat("date", "invalid date"),
	"datetime": openAPIFormat("datetime", "invalid datetime"),
}

func openAPIFormat(name, fault string) func(text string) []string {
	return func(s string) []string {
		if strfmt.Default.Validates(name, s) {
			return nil
		}
		return []string{fault}
	}
}

// formatFunctions are format.named, a function per format, and validate.
var formatFunctions = func() map[string][]cel.FunctionOpt {
	all := map[string][]cel.FunctionOpt{
		"format.named": {cel.Overload("format-named", []*cel.Type{cel.StringType}, cel.OptionalType(formatType), of(func(name string) ref.Val {
			check, ok := formats[name]
			if !ok {
				return types.OptionalNone
			}
			return types.OptionalOf(formatValue(format{name, check}))
		}))},
		"validate": {cel.MemberOverload("format-validate", []*cel.Type{formatType, cel.StringType}, cel.OptionalType(texts),
			of2(func(f format, text string) ref.Val {
				faults := f.check(text)
				if len(faults) == 0 {
					return types.OptionalNone
				}
				return types.OptionalOf(types.NewStringList(types.DefaultTypeAdapter, faults))
			}))},
	}
	for name, check := range formats {
		f := formatValue(format{name, check})
		all["format."+name] = []cel.FunctionOpt{cel.Overload("format."+name, nil, formatType, cel.FunctionBinding(func(...ref.Val) ref.Val { return f }))}
	}
	return all
}()
