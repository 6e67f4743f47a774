package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
)

// readBody returns the body of a request.
func (c *call) readBody() ([]byte, error) {
	var body bytes.Buffer
	body.Grow(int(min(max(c.r.ContentLength, 0), maxBody)) + bytes.MinRead)
	_, err := body.ReadFrom(http.MaxBytesReader(nil, c.r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, apierrors.NewRequestEntityTooLargeError("limit is 3145728")
	case err != nil:
		return nil, apierrors.NewBadRequest("read body: " + err.Error())
	}
	return body.Bytes(), nil
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
			return nil, unsupportedMedia()
		}
		return c.fromProtobuf(served, data, w)
	}
	return nil, unsupportedMedia()
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
		err = decodeDeleteOptions(data, media == mediaYAML, &opts)
	default:
		return opts, unsupportedMedia()
	}
	if err != nil {
		return opts, apierrors.NewBadRequest(err.Error())
	}
	c.log.mu.Lock()
	c.entry.DryRun = len(opts.DryRun) > 0
	c.log.mu.Unlock()
	return opts, nil
}

func decodeDeleteOptions(data []byte, isYAML bool, opts *metav1.DeleteOptions) error {
	decoder := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, model.Scheme(), model.Scheme(), serializer.SerializerOptions{Yaml: isYAML})
	_, kind, err := decoder.Decode(data, &deleteOptionsKind, opts)
	if kind != nil && kind.Kind != deleteOptionsKind.Kind {
		return fmt.Errorf("no kind %q is registered for version %q in scheme %q", kind.Kind, kind.GroupVersion(), "pkg/runtime/scheme.go:111")
	}
	// The version is that of the kind which is deleted when a client has registered the options with it, so it may be any.
	if kind != nil && runtime.IsNotRegisteredError(err) {
		if isYAML {
			if data, err = yaml.YAMLToJSON(data); err != nil {
				return err
			}
		}
		return json.UnmarshalCaseSensitivePreserveInts(data, opts)
	}
	return err
}

var deleteOptionsKind = schema.GroupVersionKind{Version: "v1", Kind: "DeleteOptions"}
