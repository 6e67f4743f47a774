package crd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	genericvalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Options qualifies what is accepted. The zero value is the strict one.
type Options struct {
	// Rules compiles x-kubernetes-validations. Without it a definition that has any is refused, or with IgnoreRules accepted
	// and its rules not enforced.
	Rules       CompileRule
	IgnoreRules bool
	// Convert converts the custom resources of kinds whose definition names a webhook for that. A definition of several versions
	// that names one is refused when there is no function for its kind.
	Convert map[schema.GroupKind]Convert
}

// Validate returns the causes for which a definition is refused, none when it is acceptable. It expects one that [Default]
// and [PrepareCreate] have completed. General rules for metadata are the caller's; that the name must be the plural and the
// group is checked here.
func Validate(obj *unstructured.Unstructured, opts Options) field.ErrorList {
	in, errs := internal(obj)
	if len(errs) > 0 {
		return errs
	}
	return validateDefinition(in, nil, opts)
}

// ValidateUpdate is [Validate] for a replacement of old. On top of its rules a group and a plural never change, and scope and
// kind not once the definition is established.
func ValidateUpdate(obj, old *unstructured.Unstructured, opts Options) field.ErrorList {
	in, errs := internal(obj)
	if len(errs) > 0 {
		return errs
	}
	before, errs := internal(old)
	if len(errs) > 0 {
		return errs
	}
	return validateDefinition(in, before, opts)
}

// internal converts to the form whose field paths the server's causes name: what all versions share moves to the top.
func internal(obj *unstructured.Unstructured) (*apiextensions.CustomResourceDefinition, field.ErrorList) {
	in, err := parse(obj)
	if err == nil {
		out := &apiextensions.CustomResourceDefinition{}
		if err = apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(in, out, nil); err == nil {
			return out, nil
		}
	}
	return nil, field.ErrorList{field.Invalid(field.NewPath("spec"), "", err.Error())}
}

func validateDefinition(in, old *apiextensions.CustomResourceDefinition, opts Options) field.ErrorList {
	var errs field.ErrorList
	path := field.NewPath("spec")
	if old == nil && in.Name != "" && in.Name != in.Spec.Names.Plural+"."+in.Spec.Group {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), in.Name, `must be spec.names.plural+"."+spec.group`))
	}
	errs = append(errs, validateSpec(&in.Spec, opts, path)...)
	if old != nil {
		fixed := func(now, before any, path *field.Path) {
			errs = append(errs, genericvalidation.ValidateImmutableField(now, before, path)...)
		}
		if apiextensions.IsCRDConditionTrue(old, apiextensions.Established) {
			fixed(in.Spec.Scope, old.Spec.Scope, path.Child("scope"))
			fixed(in.Spec.Names.Kind, old.Spec.Names.Kind, path.Child("names", "kind"))
		}
		fixed(in.Spec.Group, old.Spec.Group, path.Child("group"))
		fixed(in.Spec.Names.Plural, old.Spec.Names.Plural, path.Child("names", "plural"))
	}
	errs = append(errs, validateNames(&in.Status.AcceptedNames, field.NewPath("status", "acceptedNames"))...)
	errs = append(errs, validateStored(in, field.NewPath("status", "storedVersions"))...)
	errs = append(errs, validateApproval(in, old)...)
	if keeps := in.Spec.PreserveUnknownFields; keeps != nil && *keeps {
		errs = append(errs, field.Invalid(path.Child("preserveUnknownFields"), keeps,
			"cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"))
	}
	if len(errs) == 0 {
		errs = checkConverts(in, opts)
	}
	return errs
}

func validateSpec(in *apiextensions.CustomResourceDefinitionSpec, opts Options, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch {
	case in.Group == "":
		errs = append(errs, field.Required(path.Child("group"), ""))
	case len(validation.IsDNS1123Subdomain(in.Group)) > 0:
		errs = append(errs, field.Invalid(path.Child("group"), in.Group, strings.Join(validation.IsDNS1123Subdomain(in.Group), ",")))
	case !strings.Contains(in.Group, "."):
		errs = append(errs, field.Invalid(path.Child("group"), in.Group, "should be a domain with at least one dot"))
	}
	errs = append(errs, oneOf(path.Child("scope"), string(in.Scope), "Cluster", "Namespaced")...)

	if in.Validation == nil || in.Validation.OpenAPIV3Schema == nil {
		for i, v := range in.Versions {
			if v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
				errs = append(errs, field.Required(path.Child("versions").Index(i).Child("schema").Child("openAPIV3Schema"), ""))
			}
		}
	}

	storage, seen, unique := 0, map[string]bool{}, true
	for i := range in.Versions {
		v, at := &in.Versions[i], path.Child("versions").Index(i)
		if v.Storage {
			storage++
		}
		unique = unique && !seen[v.Name]
		seen[v.Name] = true
		if faults := validation.IsDNS1035Label(v.Name); len(faults) > 0 {
			errs = append(errs, field.Invalid(at.Child("name"), v.Name, strings.Join(faults, ",")))
		}
		sub := v.Subresources
		if in.Subresources != nil {
			sub = in.Subresources
		}
		errs = append(errs, validateVersion(v, sub != nil && sub.Status != nil, opts, at)...)
	}
	if !unique {
		errs = append(errs, field.Invalid(path.Child("versions"), in.Versions, "must contain unique version names"))
	}
	if storage != 1 {
		errs = append(errs, field.Invalid(path.Child("versions"), in.Versions, "must have exactly one version marked as storage version"))
	}

	if faults := validation.IsDNS1035Label(in.Version); in.Version != "" && len(faults) > 0 {
		errs = append(errs, field.Invalid(path.Child("version"), in.Version, strings.Join(faults, ",")))
	}

	for _, name := range []struct{ field, value string }{
		{"plural", in.Names.Plural}, {"singular", in.Names.Singular}, {"kind", in.Names.Kind}, {"listKind", in.Names.ListKind},
	} {
		if name.value == "" {
			errs = append(errs, field.Required(path.Child("names", name.field), ""))
		}
	}
	errs = append(errs, validateNames(&in.Names, path.Child("names"))...)

	hasStatus := in.Subresources != nil && in.Subresources.Status != nil
	for _, v := range in.Versions {
		hasStatus = hasStatus || (v.Subresources != nil && v.Subresources.Status != nil)
	}
	errs = append(errs, validateSchema(in.Validation, hasStatus, opts, path.Child("validation"))...)
	errs = append(errs, validateSubresources(in.Subresources, path.Child("subresources"))...)
	for i := range in.AdditionalPrinterColumns {
		errs = append(errs, validateColumn(&in.AdditionalPrinterColumns[i], path.Child("additionalPrinterColumns").Index(i))...)
	}
	switch {
	case len(in.SelectableFields) == 0:
	case in.Validation == nil:
		errs = append(errs, field.Invalid(path.Child("selectableFields"), "", "may only be set when validations.schema is included"))
	default:
		errs = append(errs, validateSelectable(in.SelectableFields, in.Validation.OpenAPIV3Schema, path.Child("selectableFields"))...)
	}
	return append(errs, validateConversion(in.Conversion, path.Child("conversion"))...)
}

func validateVersion(v *apiextensions.CustomResourceDefinitionVersion, status bool, opts Options, path *field.Path) field.ErrorList {
	errs := validateDeprecation(v, path.Child("deprecationWarning"))
	errs = append(errs, validateSchema(v.Schema, status, opts, path.Child("schema"))...)
	errs = append(errs, validateSubresources(v.Subresources, path.Child("subresources"))...)
	for i := range v.AdditionalPrinterColumns {
		errs = append(errs, validateColumn(&v.AdditionalPrinterColumns[i], path.Child("additionalPrinterColumns").Index(i))...)
	}
	switch {
	case len(v.SelectableFields) == 0:
	case v.Schema == nil || v.Schema.OpenAPIV3Schema == nil:
		errs = append(errs, field.Invalid(path.Child("selectableFields"), "", "may only be set when `version.schema.openAPIV3Schema` is not included"))
	default:
		errs = append(errs, validateSelectable(v.SelectableFields, v.Schema.OpenAPIV3Schema, path.Child("selectableFields"))...)
	}
	return errs
}

func validateDeprecation(v *apiextensions.CustomResourceDefinitionVersion, path *field.Path) field.ErrorList {
	if v.DeprecationWarning == nil {
		return nil
	}
	var errs field.ErrorList
	fault := func(detail string) { errs = append(errs, field.Invalid(path, v.DeprecationWarning, detail)) }
	text := *v.DeprecationWarning
	if !v.Deprecated {
		fault("can only be set for deprecated versions")
		return errs
	}
	if len(text) > 256 {
		fault("must be <= 256 characters long")
	}
	if text == "" {
		fault("must not be an empty string")
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		fault(fmt.Sprintf("must only contain printable UTF-8 characters; non-printable character found at index %d", i))
	}
	return errs
}

// validateNames checks the form of the names that are set; which ones must be set depends on the place.
func validateNames(names *apiextensions.CustomResourceDefinitionNames, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	label := func(path *field.Path, value string, mixed bool) {
		test, prefix := value, ""
		if mixed {
			test, prefix = strings.ToLower(value), "may have mixed case, but should otherwise match: "
		}
		if faults := validation.IsDNS1035Label(test); len(faults) > 0 {
			errs = append(errs, field.Invalid(path, value, prefix+strings.Join(faults, ",")))
		}
	}
	for _, name := range []struct {
		field, value string
		mixed        bool
	}{
		{"plural", names.Plural, false}, {"singular", names.Singular, false},
		{"kind", names.Kind, true}, {"listKind", names.ListKind, true},
	} {
		if name.value != "" {
			label(path.Child(name.field), name.value, name.mixed)
		}
	}
	for i, short := range names.ShortNames {
		label(path.Child("shortNames").Index(i), short, false)
	}
	if names.Kind != "" && names.Kind == names.ListKind {
		errs = append(errs, field.Invalid(path.Child("listKind"), names.ListKind, "kind and listKind may not be the same"))
	}
	for i, category := range names.Categories {
		label(path.Child("categories").Index(i), category, false)
	}
	return errs
}

func validateStored(in *apiextensions.CustomResourceDefinition, path *field.Path) field.ErrorList {
	stored := in.Status.StoredVersions
	if len(stored) == 0 {
		return field.ErrorList{field.Invalid(path, stored, "must have at least one stored version")}
	}
	var errs field.ErrorList
	known := map[string]bool{}
	for _, v := range in.Spec.Versions {
		// A second version of the same name finds its entry taken.
		if v.Storage && (known[v.Name] || !slices.Contains(stored, v.Name)) {
			errs = append(errs, field.Invalid(path, stored, "must have the storage version "+v.Name))
		}
		known[v.Name] = true
	}
	for i, name := range stored {
		if !known[name] {
			errs = append(errs, field.Invalid(path.Index(i), name, fmt.Sprintf("missing from spec.versions; %[1]s was previously a storage version, "+
				"and must remain in spec.versions until a storage migration ensures no data remains persisted in %[1]s and removes %[1]s from status.storedVersions", name)))
		}
	}
	return errs
}

// validateApproval holds definitions in the groups of the Kubernetes project to their approval annotation (KEP-1111).
func validateApproval(in, old *apiextensions.CustomResourceDefinition) field.ErrorList {
	if !apihelpers.IsProtectedCommunityGroup(in.Spec.Group) {
		return nil
	}
	const annotation = apiextensionsv1.KubeAPIApprovedAnnotation
	state, reason := apihelpers.GetAPIApprovalState(in.Annotations)
	if old != nil {
		if before, _ := apihelpers.GetAPIApprovalState(old.Annotations); before == state {
			return nil
		}
	}
	path := field.NewPath("metadata", "annotations").Key(annotation)
	switch state {
	case apihelpers.APIApproved, apihelpers.APIApprovalBypassed:
		return nil
	case apihelpers.APIApprovalMissing:
		return field.ErrorList{field.Required(path, reason)}
	default:
		return field.ErrorList{field.Invalid(path, in.Annotations[annotation], reason)}
	}
}

// oneOf requires a value out of a few.
func oneOf(path *field.Path, value string, allowed ...string) field.ErrorList {
	switch {
	case value == "":
		return field.ErrorList{field.Required(path, "")}
	case !slices.Contains(allowed, value):
		return field.ErrorList{field.NotSupported(path, value, allowed)}
	default:
		return nil
	}
}

// sortedKeys gives the walks over maps an order, so that the same definition always gets the same causes.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
