package crd

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func validateSubresources(sub *apiextensions.CustomResourceSubresources, path *field.Path) field.ErrorList {
	if sub == nil || sub.Scale == nil {
		return nil
	}
	var errs field.ErrorList
	check := func(name, value string, roots ...string) {
		at := path.Child("scale." + name)
		if faults := validateJSONPath(value, at); len(faults) > 0 {
			errs = append(errs, faults...)
			return
		}
		if !slices.ContainsFunc(roots, func(root string) bool { return strings.HasPrefix(value, root+".") }) {
			where := roots[0]
			if len(roots) > 1 {
				where = "either " + strings.Join(roots, " or ")
			}
			errs = append(errs, field.Invalid(at, value, "should be a json path under "+where))
		}
	}
	for _, p := range []struct{ name, value, root string }{
		{"specReplicasPath", sub.Scale.SpecReplicasPath, ".spec"},
		{"statusReplicasPath", sub.Scale.StatusReplicasPath, ".status"},
	} {
		if p.value == "" {
			errs = append(errs, field.Required(path.Child("scale."+p.name), ""))
			continue
		}
		check(p.name, p.value, p.root)
	}
	if selector := sub.Scale.LabelSelectorPath; selector != nil && *selector != "" {
		check("labelSelectorPath", *selector, ".spec", ".status")
	}
	return errs
}

// validateJSONPath admits the dotted form only, which is all that definitions may use.
func validateJSONPath(s string, path *field.Path) field.ErrorList {
	switch {
	case s == "":
		return field.ErrorList{field.Invalid(path, s, "must not be empty")}
	case s[0] != '.':
		return field.ErrorList{field.Invalid(path, s, "must be a simple json path starting with .")}
	default:
		return nil
	}
}

var (
	columnTypes   = sets.NewString("integer", "number", "string", "boolean", "date")
	columnFormats = sets.NewString("int32", "int64", "float", "double", "byte", "date", "date-time", "password")
)

func validateColumn(c *apiextensions.CustomResourceColumnDefinition, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	among := func(set sets.String) string { return "must be one of " + strings.Join(set.List(), ",") }
	if c.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), ""))
	}
	switch {
	case c.Type == "":
		errs = append(errs, field.Required(path.Child("type"), among(columnTypes)))
	case !columnTypes.Has(c.Type):
		errs = append(errs, field.Invalid(path.Child("type"), c.Type, among(columnTypes)))
	}
	if c.Format != "" && !columnFormats.Has(c.Format) {
		errs = append(errs, field.Invalid(path.Child("format"), c.Format, among(columnFormats)))
	}
	if c.JSONPath == "" {
		return append(errs, field.Required(path.Child("JSONPath"), ""))
	}
	return append(errs, validateJSONPath(c.JSONPath, path.Child("JSONPath"))...)
}

// maxSelectable is the number of selectable fields that a version may declare.
const maxSelectable = 8

func validateSelectable(fields []apiextensions.SelectableField, root *apiextensions.JSONSchemaProps, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, f := range fields {
		at := path.Index(i).Child("jsonPath")
		if f.JSONPath == "" {
			errs = append(errs, field.Required(at, ""))
			continue
		}
		s, fault := schemaAt(root, f.JSONPath)
		if fault != "" {
			errs = append(errs, field.Invalid(at, f.JSONPath, "is an invalid path: "+fault))
			continue
		}
		if strings.HasPrefix(f.JSONPath, ".metadata") {
			errs = append(errs, field.Invalid(at, f.JSONPath, "must not point to fields in metadata"))
		}
		if !slices.Contains([]string{"string", "boolean", "integer"}, s.Type) {
			errs = append(errs, field.Invalid(at, f.JSONPath, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed."))
		}
		if seen[f.JSONPath] {
			errs = append(errs, field.Duplicate(at, f.JSONPath))
		}
		seen[f.JSONPath] = true
	}
	if len(seen) > maxSelectable {
		errs = append(errs, field.TooMany(path, len(seen), maxSelectable))
	}
	return errs
}

// schemaAt follows a dotted path through properties, or says why it cannot.
func schemaAt(s *apiextensions.JSONSchemaProps, path string) (*apiextensions.JSONSchemaProps, string) {
	if !strings.HasPrefix(path, ".") {
		return nil, "must start with a period"
	}
	for _, name := range strings.Split(path[1:], ".") {
		if s == nil {
			return nil, "does not refer to a valid field"
		}
		next, ok := s.Properties[name]
		if !ok {
			return nil, fmt.Sprintf("does not refer to a valid field: no property %q", name)
		}
		s = &next
	}
	return s, ""
}

func validateConversion(c *apiextensions.CustomResourceConversion, path *field.Path) field.ErrorList {
	if c == nil {
		return nil
	}
	errs := oneOf(path.Child("strategy"), string(c.Strategy), "None", "Webhook")
	client, reviews := path.Child("webhookClientConfig"), path.Child("conversionReviewVersions")
	if c.Strategy != apiextensions.WebhookConverter {
		if c.WebhookClientConfig != nil {
			errs = append(errs, field.Forbidden(client, "should not be set when strategy is not set to Webhook"))
		}
		if len(c.ConversionReviewVersions) > 0 {
			errs = append(errs, field.Forbidden(reviews, "should not be set when strategy is not set to Webhook"))
		}
		return errs
	}

	switch cc := c.WebhookClientConfig; {
	case cc == nil:
		errs = append(errs, field.Required(client, "required when strategy is set to Webhook"))
	case (cc.URL == nil) == (cc.Service == nil):
		errs = append(errs, field.Required(client, "exactly one of url or service is required"))
	case cc.URL != nil:
		errs = append(errs, validateURL(*cc.URL, client.Child("url"))...)
	default:
		if cc.Service.Name == "" {
			errs = append(errs, field.Required(client.Child("service", "name"), "service name is required"))
		}
		if cc.Service.Namespace == "" {
			errs = append(errs, field.Required(client.Child("service", "namespace"), "service namespace is required"))
		}
		for _, fault := range validation.IsValidPortNum(int(cc.Service.Port)) {
			errs = append(errs, field.Invalid(client.Child("service", "port"), cc.Service.Port, "port is not valid: "+fault))
		}
	}

	if len(c.ConversionReviewVersions) == 0 {
		return append(errs, field.Required(reviews, ""))
	}
	known := []string{"v1", "v1beta1"}
	if !slices.ContainsFunc(c.ConversionReviewVersions, func(v string) bool { return slices.Contains(known, v) }) {
		errs = append(errs, field.Invalid(reviews, c.ConversionReviewVersions, "must include at least one of "+strings.Join(known, ", ")))
	}
	return errs
}

func validateURL(s string, path *field.Path) field.ErrorList {
	const form = "; desired format: https://host[/path]"
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return field.ErrorList{field.Required(path, "url must be a valid URL: "+err.Error()+form)}
	case u.Scheme != "https":
		return field.ErrorList{field.Invalid(path, u.Scheme, "'https' is the only allowed URL scheme"+form)}
	case u.Host == "":
		return field.ErrorList{field.Invalid(path, u.Host, "host must be specified"+form)}
	default:
		return nil
	}
}
