package diff

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// ParseIgnoreDifferences reads the rules of an Argo CD Application, the YAML or JSON list below spec.ignoreDifferences. Its fields
// have the names and the meaning of [IgnoreRule]: group and kind are patterns, name and namespace optional. Fields that Argo CD
// does not have are errors. (https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/)
func ParseIgnoreDifferences(data []byte) ([]IgnoreRule, error) {
	var rules []struct {
		Group                 string   `json:"group"`
		Kind                  string   `json:"kind"`
		Name                  string   `json:"name"`
		Namespace             string   `json:"namespace"`
		JSONPointers          []string `json:"jsonPointers"`
		JQPathExpressions     []string `json:"jqPathExpressions"`
		ManagedFieldsManagers []string `json:"managedFieldsManagers"`
	}
	if err := yaml.UnmarshalStrict(data, &rules); err != nil {
		return nil, fmt.Errorf("read ignoreDifferences: %w", err)
	}
	out := make([]IgnoreRule, len(rules))
	for i, r := range rules {
		if r.Kind == "" {
			return nil, fmt.Errorf("read ignoreDifferences: rule %d: it has no kind; \"*\" stands for every one", i)
		}
		out[i] = IgnoreRule{
			Group: r.Group, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name,
			JSONPointers: r.JSONPointers, JQPaths: r.JQPathExpressions, Managers: r.ManagedFieldsManagers,
		}
	}
	return out, nil
}

// The keys of Argo CD's configuration that hold rules for every Application.
const (
	customizationPrefix = "resource.customizations.ignoreDifferences."
	compareOptionsKey   = "resource.compareoptions"
)

// ParseSystemIgnores reads the rules for all applications from the data of Argo CD's ConfigMap argocd-cm: each key
// resource.customizations.ignoreDifferences.<group>_<kind> (or .all), and ignoreResourceStatusField of resource.compareoptions,
// whose default is that the field status is no difference anywhere. The order is that of the keys. Other keys are not looked at.
func ParseSystemIgnores(data map[string]string) ([]IgnoreRule, error) {
	var out []IgnoreRule
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(data)) {
		of, ok := strings.CutPrefix(key, customizationPrefix)
		if !ok {
			continue
		}
		rule := IgnoreRule{Group: "*"}
		if of != "all" {
			// The kind follows the last underscore; a core kind may stand alone.
			rule.Group, rule.Kind = "", of
			if i := strings.LastIndex(of, "_"); i >= 0 {
				rule.Group, rule.Kind = of[:i], of[i+1:]
			}
		}
		var fields struct {
			JSONPointers          []string `json:"jsonPointers"`
			JQPathExpressions     []string `json:"jqPathExpressions"`
			ManagedFieldsManagers []string `json:"managedFieldsManagers"`
		}
		if err := yaml.UnmarshalStrict([]byte(data[key]), &fields); err != nil {
			errs = append(errs, fmt.Errorf("read %s: %w", key, err))
			continue
		}
		rule.JSONPointers, rule.JQPaths, rule.Managers = fields.JSONPointers, fields.JQPathExpressions, fields.ManagedFieldsManagers
		out = append(out, rule)
	}
	status, err := statusIgnore(data[compareOptionsKey])
	if err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return append(out, status...), nil
}

func statusIgnore(text string) ([]IgnoreRule, error) {
	var options struct {
		IgnoreResourceStatusField string `json:"ignoreResourceStatusField"`
	}
	if err := yaml.Unmarshal([]byte(text), &options); err != nil {
		return nil, fmt.Errorf("read %s: %w", compareOptionsKey, err)
	}
	switch options.IgnoreResourceStatusField {
	case "", "all":
		return []IgnoreRule{{Group: "*", Status: true}}, nil
	case "crd":
		return []IgnoreRule{{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Status: true}}, nil
	case "none", "off":
		return nil, nil
	}
	return nil, fmt.Errorf("read %s: ignoreResourceStatusField: %q is none of all, crd and none", compareOptionsKey, options.IgnoreResourceStatusField)
}

// CompareOptionsAnnotation is where Argo CD's compare options stand on an object, and on an Application for all of its objects.
const CompareOptionsAnnotation = "argocd.argoproj.io/compare-options"

// CompareOptions are Argo CD's compare options.
type CompareOptions struct {
	// IgnoreExtraneous says that the object, when it is no longer desired, is not counted as a difference. It is still pruned where
	// that is asked for.
	IgnoreExtraneous bool
	// ServerSideDiff asks for, or against, a comparison by the server's dry run; nil leaves it open.
	ServerSideDiff *bool
	// IncludeMutationWebhook counts what admission webhooks change as a difference.
	IncludeMutationWebhook bool
}

// ParseCompareOptions reads the value of [CompareOptionsAnnotation], options with commas between them. An unknown one is an error.
func ParseCompareOptions(value string) (CompareOptions, error) {
	var out CompareOptions
	for part := range strings.SplitSeq(value, ",") {
		yes, no := true, false
		switch part = strings.TrimSpace(part); part {
		case "":
		case "IgnoreExtraneous":
			out.IgnoreExtraneous = true
		case "ServerSideDiff=true":
			out.ServerSideDiff = &yes
		case "ServerSideDiff=false":
			out.ServerSideDiff = &no
		case "IncludeMutationWebhook=true":
			out.IncludeMutationWebhook = true
		case "IncludeMutationWebhook=false":
			out.IncludeMutationWebhook = false
		default:
			return CompareOptions{}, fmt.Errorf("read %s: %q is no compare option", CompareOptionsAnnotation, part)
		}
	}
	return out, nil
}
