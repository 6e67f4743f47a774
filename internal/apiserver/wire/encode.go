package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// marshal writes an object, a map of plain JSON values or a type of apimachinery, in a format.
func marshal(f format, kind schema.GroupVersionKind, value any) ([]byte, error) {
	switch f.media {
	case mediaYAML:
		return yaml.Marshal(value)
	case mediaProtobuf:
		return marshalProtobuf(kind, value)
	}
	data, err := plain.Encode(value)
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

func marshalProtobuf(kind schema.GroupVersionKind, value any) ([]byte, error) {
	obj, err := typed(kind, value)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := protobuf.NewSerializer(model.Scheme(), model.Scheme()).Encode(obj, &out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// typed returns value as a Go type that knows protobuf.
func typed(kind schema.GroupVersionKind, value any) (runtime.Object, error) {
	switch v := value.(type) {
	case runtime.Object:
		return v, nil
	case map[string]any:
		obj, err := model.Typed(kind, v)
		if err != nil {
			return nil, err
		}
		obj.GetObjectKind().SetGroupVersionKind(kind)
		return obj, nil
	}
	return nil, fmt.Errorf("cannot write a %T as protobuf", value)
}

// send writes an answer.
func send(w http.ResponseWriter, code int, f format, kind schema.GroupVersionKind, value any) {
	data, err := marshal(f, kind, value)
	if err != nil {
		sendError(w, format{media: mediaJSON}, apierrors.NewInternalError(err))
		return
	}
	w.Header().Set("Content-Type", f.media)
	w.Header().Set("Cache-Control", "no-cache, private")
	w.WriteHeader(code)
	_, _ = w.Write(data) // A client that went away cannot be told.
}

var statusKind = schema.GroupVersionKind{Version: "v1", Kind: "Status"}

// sendError writes an error as a Status.
func sendError(w http.ResponseWriter, f format, err error) {
	if errors.Is(err, errNoPath) {
		http.Error(w, errNoPath.Error(), http.StatusNotFound)
		return
	}
	status := statusOf(err)
	if status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(status.Details.RetryAfterSeconds))
	}
	f.as = ""
	if f.media == "" {
		f.media = mediaJSON
	}
	send(w, int(status.Code), f, statusKind, &status)
}

// statusOf returns the Status of an error.
func statusOf(err error) metav1.Status {
	var status metav1.Status
	if s, ok := err.(apierrors.APIStatus); ok { // the core returns them unwrapped
		status = s.Status()
	} else {
		status = apierrors.NewInternalError(err).Status()
	}
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	if status.Code == 0 {
		status.Code = http.StatusInternalServerError
	}
	if status.Status == "" {
		status.Status = metav1.StatusFailure
	}
	return status
}

// notImplemented is the error for what this server does not do. It names the feature.
func notImplemented(feature string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotImplemented, Reason: "NotImplemented",
		Message: "the in-memory API server does not implement " + feature,
	}}
}
