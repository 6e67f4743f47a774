package wire

import (
	"errors"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
)

// readBody returns the body of a request.
func (c *call) readBody() ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(nil, c.r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, apierrors.NewRequestEntityTooLargeError("limit is 3145728")
	case err != nil:
		return nil, apierrors.NewBadRequest("read body: " + err.Error())
	}
	return data, nil
}

// readObject reads the body as an object of a kind, completed with defaults.
func (c *call) readObject(served *apiserver.Served, w apiserver.Write) (*unstructured.Unstructured, error) {
	data, err := c.readBody()
	if err != nil {
		return nil, err
	}
	media, err := bodyMedia(c.r)
	if err != nil {
		return nil, err
	}
	switch media {
	case mediaJSON, mediaYAML, "text/yaml", "application/x-yaml":
		return c.core.Decode(served, data, w)
	case mediaProtobuf:
		if served.Custom != nil || !protobufKind(served.GVK) {
			return nil, unsupportedMedia(media)
		}
		return c.fromProtobuf(served, data, w)
	}
	return nil, unsupportedMedia(media)
}

func (c *call) fromProtobuf(served *apiserver.Served, data []byte, w apiserver.Write) (*unstructured.Unstructured, error) {
	obj, _, err := protobuf.NewSerializer(model.Scheme(), model.Scheme()).Decode(data, &served.GVK, nil)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	raw, err := model.Untyped(obj)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return c.core.Complete(served, raw, w)
}

// protobufKind reports whether a built-in kind has a Go type that knows protobuf.
func protobufKind(kind schema.GroupVersionKind) bool {
	obj, err := model.Scheme().New(kind)
	if err != nil {
		return false
	}
	_, ok := obj.(interface{ Marshal() ([]byte, error) })
	return ok
}

// deleteOptions reads what a deletion wants, from its body or its query.
func (c *call) deleteOptions() (metav1.DeleteOptions, error) {
	var opts metav1.DeleteOptions
	data, err := c.readBody()
	if err != nil {
		return opts, err
	}
	media, err := bodyMedia(c.r)
	if err != nil {
		return opts, err
	}
	switch {
	case len(data) == 0:
		err = metav1.Convert_url_Values_To_v1_DeleteOptions(&c.query, &opts, nil)
	case media == mediaProtobuf:
		_, _, err = protobuf.NewSerializer(model.Scheme(), model.Scheme()).Decode(data, &deleteOptionsKind, &opts)
	case media == mediaJSON || media == mediaYAML:
		err = yaml.Unmarshal(data, &opts)
	default:
		return opts, unsupportedMedia(media)
	}
	if err != nil {
		return opts, apierrors.NewBadRequest(err.Error())
	}
	if len(data) > 0 && len(opts.DryRun) == 0 {
		opts.DryRun = c.query["dryRun"]
	}
	c.log.mu.Lock()
	c.entry.DryRun = len(opts.DryRun) > 0
	c.log.mu.Unlock()
	return opts, nil
}

var deleteOptionsKind = schema.GroupVersionKind{Version: "v1", Kind: "DeleteOptions"}
