package crd

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
)

// Accept judges the names of a definition against those that the others of its group have been granted, and returns the object
// with the outcome in its status: the accepted names, and the conditions NamesAccepted and Established. The
// first definition to ask for a name has it; one whose names are taken is not established. The second result says
// whether the status differs from the one that obj has. obj is not changed.
//
// A name once accepted is kept for as long as it is asked for, and a definition once established stays so.
func Accept(obj *unstructured.Unstructured, others []*unstructured.Unstructured, now time.Time) (*unstructured.Unstructured, bool, error) {
	in, err := parseNames(obj)
	if err != nil {
		return nil, false, err
	}
	resources, kinds, err := taken(in, others)
	if err != nil {
		return nil, false, err
	}
	before := in.Status.DeepCopy()
	at := metav1.NewTime(now.UTC().Truncate(time.Second))
	in.Status.AcceptedNames = grant(in, resources, kinds, at)
	establish(in, at)
	if same(before, &in.Status) {
		return obj, false, nil
	}

	out := obj.DeepCopy()
	raw, err := json.Marshal(in.Status)
	if err != nil {
		return nil, false, err
	}
	var status map[string]any
	if err := json.Unmarshal(raw, &status); err != nil {
		return nil, false, err
	}
	out.Object["status"] = status
	return out, true, nil
}

// taken collects the names that other definitions of the group hold.
func taken(in *apiextensionsv1.CustomResourceDefinition, others []*unstructured.Unstructured) (resources, kinds map[string]bool, err error) {
	resources, kinds = map[string]bool{}, map[string]bool{}
	for _, o := range others {
		other, err := parseNames(o)
		if err != nil {
			return nil, nil, err
		}
		if other.Spec.Group != in.Spec.Group || other.Name == in.Name {
			continue
		}
		held := other.Status.AcceptedNames
		for _, name := range append([]string{held.Plural, held.Singular}, held.ShortNames...) {
			resources[name] = true
		}
		kinds[held.Kind], kinds[held.ListKind] = true, true
	}
	return resources, kinds, nil
}

// grant returns the names that are free, keeps what was granted in place of those that are not, and sets NamesAccepted.
func grant(in *apiextensionsv1.CustomResourceDefinition, resources, kinds map[string]bool, now metav1.Time) apiextensionsv1.CustomResourceDefinitionNames {
	want, have := in.Spec.Names, in.Status.AcceptedNames
	condition := apiextensionsv1.CustomResourceDefinitionCondition{
		Type: apiextensionsv1.NamesAccepted, Status: apiextensionsv1.ConditionTrue, LastTransitionTime: now,
		Reason: "NoConflicts", Message: "no conflicts found", ObservedGeneration: 0,
	}
	refuse := func(reason string, err error) {
		condition.Status, condition.Reason, condition.Message = apiextensionsv1.ConditionFalse, reason, err.Error()
	}
	one := func(want, have, reason string, used map[string]bool) string {
		if want != have && used[want] {
			refuse(reason, inUse(want))
			return have
		}
		return want
	}

	got := apiextensionsv1.CustomResourceDefinitionNames{ShortNames: want.ShortNames, Categories: want.Categories}
	got.Plural = one(want.Plural, have.Plural, "PluralConflict", resources)
	got.Singular = one(want.Singular, have.Singular, "SingularConflict", resources)
	var errs []error
	for _, short := range want.ShortNames {
		if resources[short] && !slices.Contains(have.ShortNames, short) {
			errs = append(errs, inUse(short))
		}
	}
	if len(errs) > 0 {
		refuse("ShortNamesConflict", utilerrors.NewAggregate(errs))
		got.ShortNames = have.ShortNames
	}
	got.Kind = one(want.Kind, have.Kind, "KindConflict", kinds)
	got.ListKind = one(want.ListKind, have.ListKind, "ListKindConflict", kinds)
	setCondition(in, condition)
	return got
}

func inUse(name string) error { return fmt.Errorf("%q is already in use", name) }

func establish(in *apiextensionsv1.CustomResourceDefinition, now metav1.Time) {
	switch {
	case apihelpers.IsCRDConditionTrue(in, apiextensionsv1.Established):
	case apihelpers.IsCRDConditionTrue(in, apiextensionsv1.NamesAccepted):
		setCondition(in, apiextensionsv1.CustomResourceDefinitionCondition{
			Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue, LastTransitionTime: now,
			Reason: "InitialNamesAccepted", Message: "the initial names have been accepted",
		})
	case apihelpers.FindCRDCondition(in, apiextensionsv1.Established) == nil:
		setCondition(in, apiextensionsv1.CustomResourceDefinitionCondition{
			Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionFalse, LastTransitionTime: now,
			Reason: "NotAccepted", Message: "not all names are accepted",
		})
	}
}

// setCondition keeps the time of the last transition of a condition whose status stays.
func setCondition(in *apiextensionsv1.CustomResourceDefinition, c apiextensionsv1.CustomResourceDefinitionCondition) {
	old := apihelpers.FindCRDCondition(in, c.Type)
	if old == nil {
		in.Status.Conditions = append(in.Status.Conditions, c)
		return
	}
	if old.Status == c.Status {
		c.LastTransitionTime = old.LastTransitionTime
	}
	*old = c
}

func same(a, b *apiextensionsv1.CustomResourceDefinitionStatus) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && string(x) == string(y)
}
