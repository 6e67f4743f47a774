package wire

import (
	"strings"
	"unicode"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

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
