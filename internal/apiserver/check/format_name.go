package check

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

var (
	sysctlName    = regexp.MustCompile(`^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`)
	celIdentifier = regexp.MustCompile(`^[_a-zA-Z][_a-zA-Z0-9]*$`)
)

// nameFormats are the forms of names.
var nameFormats = map[string]Format{
	"label":          invalid(easily(validation.IsDNS1123Label)),
	"subdomain":      invalid(easily(validation.IsDNS1123Subdomain)),
	"subdomainbase":  invalid(func(s string) []string { return apivalidation.NameIsDNSSubdomain(s, true) }),
	"label1035":      invalid(validation.IsDNS1035Label),
	"wildcard":       invalid(validation.IsWildcardDNS1123Subdomain),
	"qualified":      invalid(qualifiedName),
	"labelvalue":     invalid(easily(validation.IsValidLabelValue)),
	"envname":        invalid(validation.IsEnvVarName),
	"relaxedenvname": invalid(validation.IsRelaxedEnvVarName),
	"configkey":      invalid(easily(validation.IsConfigMapKey)),
	"portname":       invalid(validation.IsValidPortName),
	"header":         invalid(validation.IsHTTPHeaderName),
	"underscore":     trimmed(".", invalid(validation.IsDNS1123SubdomainWithUnderscore)),
	"pathsegment":    invalid(content.IsPathSegmentName),
	"fullyqualified": listed(validation.IsFullyQualifiedName),
	"fqdn":           listed(validation.IsFullyQualifiedDomainName),
	"domainpath":     listed(validation.IsDomainPrefixedPath),
	"domainkey":      listed(validation.IsDomainPrefixedKey),
	"anycase":        invalid(func(s string) []string { return validation.IsDNS1123Subdomain(strings.ToLower(s)) }),
	"kind": invalid(func(s string) []string {
		var out []string
		for _, fault := range validation.IsDNS1035Label(strings.ToLower(s)) {
			out = append(out, "may have mixed case, but should otherwise match: "+fault)
		}
		return out
	}),
	"auditkey": invalid(func(s string) []string {
		return validation.IsQualifiedName("policy/" + s)
	}),
	"bundle": invalid(func(s string) []string {
		var out []string
		for _, part := range validation.IsDNS1123Subdomain(strings.ReplaceAll(s, ":", ".")) {
			out = append(out, "not a valid clustertrustbundlename: "+part)
		}
		return out
	}),
	"sysctl": unless("must have at most 253 characters and match regex "+sysctlName.String(), func(s string) bool {
		return len(s) <= 253 && sysctlName.MatchString(s)
	}),
	"celname":      unless("must be a valid CEL identifier", celIdentifier.MatchString),
	"externalname": trimmed(".", invalid(validation.IsDNS1123Subdomain)),
	"host":         host,
	"tlshost":      dnsName,
	"dottedgroup": before(invalid(validation.IsDNS1123Subdomain), unless("should be a domain with at least one dot", func(s string) bool {
		return strings.Contains(s, ".")
	})),
	"paramversion": invalid(paramVersion),
}

// dnsName is a subdomain, or one below which everything is meant.
var dnsName Format = invalid(func(s string) []string {
	if strings.Contains(s, "*") {
		return validation.IsWildcardDNS1123Subdomain(s)
	}
	return validation.IsDNS1123Subdomain(s)
})

// paramVersion checks the apiVersion of the parameters of a policy.
func paramVersion(s string) []string {
	gv, err := schema.ParseGroupVersion(s)
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	if gv.Group != "" {
		out = append(out, validation.IsDNS1123Subdomain(gv.Group)...)
	}
	if gv.Version == "" {
		return append(out, "version must be specified")
	}
	return append(out, validation.IsDNS1035Label(gv.Version)...)
}
