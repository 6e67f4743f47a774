package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
)

// selection reads the selectors of a request.
func (c *call) selection() (apiserver.Selection, error) {
	sel := apiserver.Selection{Namespace: c.target.namespace}
	if text := c.query.Get("labelSelector"); text != "" {
		parsed, err := labels.Parse(text)
		if err != nil {
			return sel, apierrors.NewBadRequest(err.Error())
		}
		sel.Labels = parsed
	}
	if text := c.query.Get("fieldSelector"); text != "" {
		parsed, err := fields.ParseSelector(text)
		if err != nil {
			return sel, apierrors.NewBadRequest(err.Error())
		}
		for _, r := range parsed.Requirements() {
			if !c.served.Selectable(r.Field) {
				return sel, apierrors.NewBadRequest(c.served.NotSelectable(r.Field))
			}
		}
		sel.Fields = parsed
	}
	if c.target.name != "" {
		byName := fields.OneTermEqualSelector("metadata.name", c.target.name)
		if sel.Fields != nil {
			byName = fields.AndSelectors(sel.Fields, byName)
		}
		sel.Fields = byName
	}
	return sel, nil
}

// resourceVersion reads a version; empty and "0" are zero.
func (c *call) resourceVersion() (uint64, error) {
	text := c.query.Get("resourceVersion")
	if text == "" {
		return 0, nil
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		fault := field.Invalid(field.NewPath("resourceVersion"), text, err.Error())
		if c.verb == "list" {
			return 0, apierrors.NewBadRequest("invalid resource version: " + fault.Error())
		}
		return 0, &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: fault.Error(),
		}}
	}
	if now := c.core.Version(); v > now {
		err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", v, now), 1)
		err.ErrStatus.Details.Causes = []metav1.StatusCause{{
			Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
		}}
		return 0, err
	}
	return v, nil
}

// continueToken is what a client carries from page to page.
type continueToken struct {
	Version   uint64 `json:"rv"`
	Namespace string `json:"ns,omitempty"`
	Name      string `json:"name"`
}

func (t continueToken) encode() string {
	raw, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseContinue(text string) (continueToken, error) {
	var t continueToken
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	if err == nil && t.Version == 0 {
		err = errors.New("incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
	}
	if err != nil {
		return t, apierrors.NewBadRequest(fmt.Sprintf("invalid continue token: continue key is not valid: %v", err))
	}
	return t, nil
}

// listOptions reads what a list wants.
func (c *call) listOptions() (apiserver.ListOptions, error) {
	sel, err := c.selection()
	if err != nil {
		return apiserver.ListOptions{}, err
	}
	opts := apiserver.ListOptions{Selection: sel}
	if text := c.query.Get("limit"); text != "" {
		if opts.Limit, err = strconv.ParseInt(text, 10, 64); err != nil {
			return opts, apierrors.NewBadRequest(err.Error())
		}
	}
	version, err := c.resourceVersion()
	if err != nil {
		return opts, err
	}
	match := c.query.Get("resourceVersionMatch")
	if err := c.checkMatch(match); err != nil {
		return opts, err
	}
	if match == string(metav1.ResourceVersionMatchExact) {
		opts.At = version
	}
	if text := c.query.Get("continue"); text != "" {
		if version != 0 {
			return opts, apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
		}
		token, err := parseContinue(text)
		if err != nil {
			return opts, err
		}
		opts.At = token.Version
		opts.After = &store.Key{Namespace: token.Namespace, Name: token.Name}
	}
	return opts, nil
}

// checkMatch holds resourceVersionMatch to its rules.
func (c *call) checkMatch(match string) error {
	bad := func(why string) error {
		return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", field.ErrorList{
			field.Forbidden(field.NewPath("resourceVersionMatch"), why),
		})
	}
	switch metav1.ResourceVersionMatch(match) {
	case "":
		return nil
	case metav1.ResourceVersionMatchExact:
		switch c.query.Get("resourceVersion") {
		case "":
			return bad("resourceVersionMatch is forbidden unless resourceVersion is provided")
		case "0":
			return bad(`resourceVersionMatch "exact" is forbidden for resourceVersion "0"`)
		}
		return nil
	case metav1.ResourceVersionMatchNotOlderThan:
		if c.query.Get("resourceVersion") == "" && c.query.Get("sendInitialEvents") == "" {
			return bad("resourceVersionMatch is forbidden unless resourceVersion is provided")
		}
		return nil
	}
	return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}, "", field.ErrorList{
		field.NotSupported(field.NewPath("resourceVersionMatch"), match, []string{"Exact", "NotOlderThan", ""}),
	})
}

// write reads what a request says about a write. patch is the type of a patch, empty for other writes.
func (c *call) write(patch types.PatchType) (apiserver.Write, error) {
	w := apiserver.Write{
		Namespace: c.target.namespace, Name: c.target.name, Subresource: c.target.subresource,
		Manager: c.query.Get("fieldManager"), Validation: c.query.Get("fieldValidation"), Warn: c.warn,
		User: identity(c.r.Header),
	}
	dryRun := c.query["dryRun"]
	var errs field.ErrorList
	kind := "UpdateOptions"
	switch {
	case patch != "":
		kind = "PatchOptions"
		options := &metav1.PatchOptions{DryRun: dryRun, FieldManager: w.Manager, FieldValidation: w.Validation}
		if c.query.Has("force") {
			force := c.force()
			options.Force = &force
		}
		errs = validation.ValidatePatchOptions(options, patch)
	case c.verb == "create":
		kind = "CreateOptions"
		errs = validation.ValidateCreateOptions(&metav1.CreateOptions{DryRun: dryRun, FieldManager: w.Manager, FieldValidation: w.Validation})
	default:
		errs = validation.ValidateUpdateOptions(&metav1.UpdateOptions{DryRun: dryRun, FieldManager: w.Manager, FieldValidation: w.Validation})
	}
	if len(errs) > 0 {
		return w, apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: kind}, "", errs)
	}
	w.DryRun = len(dryRun) > 0
	if w.Manager == "" {
		w.Manager = managerOf(c.r.UserAgent())
	}
	c.log.mu.Lock()
	c.entry.Manager, c.entry.PatchType = w.Manager, string(patch)
	c.log.mu.Unlock()
	return w, nil
}

func (c *call) force() bool {
	switch strings.ToLower(c.query.Get("force")) {
	case "true", "1":
		return true
	}
	return false
}

// managerOf is the field manager of a client that names none: its user agent up to the first slash.
func managerOf(agent string) string {
	name, _, _ := strings.Cut(agent, "/")
	var b strings.Builder
	for _, r := range name {
		if !unicode.IsPrint(r) || b.Len()+len(string(r)) > validation.FieldManagerMaxLength {
			continue
		}
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return "unknown"
	}
	return b.String()
}
