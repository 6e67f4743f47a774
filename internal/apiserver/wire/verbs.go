package wire

import (
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// sendObject answers with an object in the format that was asked for.
func (c *call) sendObject(code int, obj *unstructured.Unstructured) error {
	value, f, err := c.present(obj)
	if err != nil {
		return err
	}
	send(c.w, code, f, obj.GroupVersionKind(), value)
	return nil
}

func (c *call) get() error {
	version, fault := parseVersion(c.query.Get("resourceVersion"))
	if fault != nil {
		return unworded(fault.Error())
	}
	if err := c.reached(version); err != nil { // The present state is never older.
		return err
	}
	var obj *unstructured.Unstructured
	var err error
	if c.target.subresource == "scale" {
		obj, err = c.core.ReadScale(c.served, c.target.namespace, c.target.name)
	} else {
		obj, err = c.core.Read(c.served, c.target.namespace, c.target.name)
	}
	if err != nil {
		return err
	}
	return c.sendObject(http.StatusOK, obj)
}

// unworded is the answer to a fault that the real server has no word for.
func unworded(message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: message,
	}}
}

func (c *call) list() error {
	opts, err := c.listOptions()
	if err != nil {
		return err
	}
	page, err := c.core.List(c.served, opts)
	if err != nil {
		return expiredPage(err, opts.After)
	}
	return c.sendList(page)
}

func (c *call) create() error {
	w, err := c.write("")
	if err != nil {
		return err
	}
	if c.target.subresource != "" {
		return c.createSubresource(w)
	}
	obj, err := c.readObject(c.served, w)
	if err != nil {
		return err
	}
	out, err := c.core.Create(c.served, obj, w)
	if err != nil {
		return err
	}
	return c.sendObject(http.StatusCreated, out)
}

func (c *call) update() error {
	w, err := c.write("")
	if err != nil {
		return err
	}
	if c.target.subresource == "scale" {
		return c.updateScale(w)
	}
	obj, err := c.readObject(c.served, w)
	if err != nil {
		return err
	}
	out, created, err := c.core.Update(c.served, obj, w)
	if err != nil {
		return err
	}
	return c.sendObject(codeFor(created), out)
}

func (c *call) updateScale(w apiserver.Write) error {
	kind, err := c.core.Scale()
	if err != nil {
		return err
	}
	obj, err := c.readObject(kind, w)
	if err != nil {
		return err
	}
	out, err := c.core.UpdateScale(c.served, obj, w)
	if err != nil {
		return err
	}
	return c.sendObject(http.StatusOK, out)
}

func codeFor(created bool) int {
	if created {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (c *call) patch() error {
	media, err := bodyMedia(c.r)
	if err != nil {
		return err
	}
	patch := types.PatchType(media)
	switch patch {
	case types.JSONPatchType, types.MergePatchType, types.ApplyYAMLPatchType:
	case types.StrategicMergePatchType:
		if c.served.Custom != nil {
			return unsupportedPatch(types.JSONPatchType, types.MergePatchType, types.ApplyYAMLPatchType)
		}
	default:
		return c.unknownPatch()
	}
	w, err := c.write(patch)
	if err != nil {
		return err
	}
	data, err := c.readBody()
	if err != nil {
		return err
	}
	if c.target.subresource == "scale" {
		out, err := c.core.PatchScale(c.served, patch, data, c.force(), w)
		if err != nil {
			return err
		}
		return c.sendObject(http.StatusOK, out)
	}
	out, created, err := c.core.Patch(c.served, patch, data, c.force(), w)
	if err != nil {
		return err
	}
	return c.sendObject(codeFor(created), out)
}

// unknownPatch is the answer to a media type that is no patch. What serves custom resources has words of its own.
func (c *call) unknownPatch() error {
	if c.served.Custom != nil {
		return unsupportedPatch(types.JSONPatchType, types.MergePatchType, types.ApplyYAMLPatchType)
	}
	c.w.Header().Del("Warning") // refused before the kind is looked at
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnsupportedMediaType, Reason: metav1.StatusReasonUnsupportedMediaType,
		Message: "415: Unsupported Media Type", Details: &metav1.StatusDetails{},
	}}
}

func unsupportedPatch(accepted ...types.PatchType) error {
	names := make([]string, len(accepted))
	for i, a := range accepted {
		names[i] = string(a)
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusUnsupportedMediaType, Reason: metav1.StatusReasonUnsupportedMediaType,
		Message: "the body of the request was in an unknown format - accepted media types include: " + strings.Join(names, ", "),
	}}
}

func (c *call) delete() error {
	opts, err := c.deleteOptions()
	if err != nil {
		return err
	}
	w := apiserver.Write{
		Namespace: c.target.namespace, Name: c.target.name, DryRun: len(opts.DryRun) > 0, Warn: c.warn,
		User: identity(c.r.Header),
	}
	out, gone, err := c.core.Delete(c.served, w, opts)
	if err != nil {
		return err
	}
	code := http.StatusOK
	if !gone && opts.OrphanDependents != nil && !*opts.OrphanDependents { // still part of the protocol
		code = http.StatusAccepted
	}
	if !gone || c.served.ReturnsDeleted() {
		return c.sendObject(code, out)
	}
	f := c.format
	f.as = ""
	send(c.w, code, f, statusKind, &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusSuccess,
		Details: &metav1.StatusDetails{
			Name: out.GetName(), Group: c.served.GVR.Group, Kind: c.served.GVR.Resource, UID: out.GetUID(),
		},
	})
	return nil
}

func (c *call) deleteCollection() error {
	opts, err := c.deleteOptions()
	if err != nil {
		return err
	}
	selected, err := c.listOptions()
	if err != nil {
		return err
	}
	if err := apiserver.ValidateDeletion(opts, true); err != nil {
		return err
	}
	page, err := c.core.List(c.served, selected)
	if err != nil {
		return err
	}
	if message := c.served.DeletionWarning(opts); message != "" {
		c.warn(message)
	}
	// What is answered is the page as it was when it was chosen, with the token for those that were not.
	deleted := apiserver.Page{Version: page.Version, Next: page.Next, Remaining: page.Remaining}
	for _, obj := range page.Items {
		w := apiserver.Write{
			Namespace: obj.GetNamespace(), Name: obj.GetName(), DryRun: len(opts.DryRun) > 0, Warn: c.warn, User: identity(c.r.Header),
			Collection: true,
		}
		_, _, err := c.core.Delete(c.served, w, opts)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		deleted.Items = append(deleted.Items, obj)
	}
	return c.sendList(deleted)
}
