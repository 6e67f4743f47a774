package wire

import (
	"bytes"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"

	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
)

// writeProtobuf writes an event as a frame: its length, then the event in the raw encoding with the object in the usual one.
func (s *stream) writeProtobuf(kind string, object any, gvk schema.GroupVersionKind) error {
	data, err := marshalProtobuf(gvk, object)
	if err != nil {
		return err
	}
	event := &metav1.WatchEvent{Type: kind, Object: runtime.RawExtension{Raw: data}}
	var frame bytes.Buffer
	if err := protobuf.NewRawSerializer(model.Scheme(), model.Scheme()).Encode(event, &frame); err != nil {
		return err
	}
	_, err = protobuf.LengthDelimitedFramer.NewFrameWriter(s.call.w).Write(frame.Bytes())
	return err
}
