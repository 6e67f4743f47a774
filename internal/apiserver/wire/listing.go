package wire

import (
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
)

// listing reads what a list or a watch wants from its query, with the defaults and under the rules of the real server: both are
// apimachinery's own.
func (c *call) listing() (*internalversion.ListOptions, error) {
	var sent metav1.ListOptions
	if err := metav1.Convert_url_Values_To_v1_ListOptions(&c.query, &sent, nil); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	opts := &internalversion.ListOptions{}
	if err := internalversion.Convert_v1_ListOptions_To_internalversion_ListOptions(&sent, opts, nil); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	internalversion.SetListOptionsDefaults(opts, true)
	if errs := validation.ValidateListOptions(opts, true); len(errs) > 0 {
		return nil, apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", errs)
	}
	return opts, nil
}

// selection returns what a list or a watch chooses.
func (c *call) selection(opts *internalversion.ListOptions) (apiserver.Selection, error) {
	sel := apiserver.Selection{Namespace: c.target.namespace, Labels: opts.LabelSelector, Fields: opts.FieldSelector}
	if sel.Fields == nil {
		return sel, nil
	}
	for _, r := range sel.Fields.Requirements() {
		if c.served.Selectable(r.Field) {
			continue
		}
		return sel, apierrors.NewBadRequest(c.served.NotSelectable(r.Field))
	}
	return sel, nil
}

// single reports whether a selection can only find one object, which the real server then looks for without paging.
func (c *call) single(selector fields.Selector) bool {
	if selector == nil || c.served.Namespaced && c.target.namespace == "" {
		return false
	}
	_, ok := selector.RequiresExactMatch("metadata.name")
	return ok
}

// parseVersion reads a resourceVersion; empty and "0" are zero.
func parseVersion(text string) (uint64, *field.Error) {
	if text == "" {
		return 0, nil
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, field.Invalid(field.NewPath("resourceVersion"), text, err.Error())
	}
	return v, nil
}

// reached refuses a version that is not there yet.
func (c *call) reached(version uint64) error {
	now := c.core.Version()
	if version <= now {
		return nil
	}
	err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", version, now), 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
	}}
	return err
}

// listOptions returns which part of a list is wanted.
func (c *call) listOptions() (apiserver.ListOptions, error) {
	wished, err := c.listing()
	if err != nil {
		return apiserver.ListOptions{}, err
	}
	sel, err := c.selection(wished)
	if err != nil {
		return apiserver.ListOptions{}, err
	}
	opts := apiserver.ListOptions{Selection: sel, Limit: max(0, wished.Limit)}
	if wished.ResourceVersion == "0" || c.single(sel.Fields) {
		opts.Limit = 0 // from the cache of a real server, which does not page
	}
	if wished.Continue != "" {
		return c.resume(opts, wished)
	}
	version, fault := parseVersion(wished.ResourceVersion)
	if fault != nil {
		return opts, apierrors.NewBadRequest("invalid resource version: " + fault.Error())
	}
	if err := c.reached(version); err != nil {
		return opts, err
	}
	// A page without a rule of its own is one of the version that it names.
	if wished.ResourceVersionMatch == metav1.ResourceVersionMatchExact || wished.ResourceVersionMatch == "" && opts.Limit > 0 {
		opts.At = version
	}
	return opts, nil
}

// resume continues a list where its token says.
func (c *call) resume(opts apiserver.ListOptions, wished *internalversion.ListOptions) (apiserver.ListOptions, error) {
	token, err := parseContinue(wished.Continue)
	if err != nil {
		return opts, err
	}
	if v := wished.ResourceVersion; v != "" && v != "0" {
		return opts, apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
	}
	opts.After = &store.Key{Namespace: token.Namespace, Name: token.Name}
	if token.Version > 0 {
		opts.At = uint64(token.Version)
	}
	return opts, nil
}
