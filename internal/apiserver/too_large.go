package apiserver

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
)

// maxRequest is how large a request to etcd may be, in bytes, unless it is told otherwise (its option max-request-bytes).
const maxRequest = 3 << 19

// aroundRecord is about what a request to etcd has around the keys and the object, in bytes.
const aroundRecord = 50

// fit returns the bytes to store for an object, or the error of a cluster for one that is too large for etcd. What counts is the
// object as a cluster stores it, in protocol buffers where its kind has them, and the request around it. An object that is too large
// with the account of who owns what loses that, as on the real server, unless it is applied.
func (s *Server) fit(served *Served, k store.Key, obj *unstructured.Unstructured, data []byte, existing bool, w Write) ([]byte, error) {
	if len(data) <= maxRequest/2 || s.requestSize(served, k, data, existing) <= maxRequest { // Protocol buffers are not twice as long.
		return data, nil
	}
	if !w.applied && len(obj.GetManagedFields()) > 0 {
		obj.SetManagedFields(nil)
		bare, err := s.encode(served, obj)
		if err != nil {
			return nil, apierrors.NewInternalError(err)
		}
		if s.requestSize(served, k, bare, existing) <= maxRequest {
			return bare, nil
		}
	}
	return nil, plainError("etcdserver: request is too large")
}

// requestSize is how long the request is: it has the key twice, and once more when the record was there.
func (s *Server) requestSize(served *Served, k store.Key, data []byte, existing bool) int {
	times := 2
	if existing {
		times = 3
	}
	key := len("/registry/") + len(k.Resource.Resource) + len("/") + len(k.Namespace) + len("/") + len(k.Name)
	if served.Custom != nil {
		key += len(k.Resource.Group) + len("/")
	}
	return s.storedSize(served, data) + times*key + aroundRecord
}

// storedSize is how long an object is where a cluster stores it. Definitions and what serves groups are stored as JSON, and so are
// custom resources.
func (s *Server) storedSize(served *Served, data []byte) int {
	if served.Custom != nil || served.row.Defines || served.row.Backend != nil {
		return len(data)
	}
	kind := served.stored().GVK
	typed, err := model.Scheme().New(kind)
	if err != nil {
		return len(data)
	}
	fields, err := plain.Decode(data)
	if err != nil || runtime.DefaultUnstructuredConverter.FromUnstructured(fields, typed) != nil {
		return len(data)
	}
	message, ok := typed.(interface{ Size() int })
	if !ok {
		return len(data)
	}
	// The envelope begins with a mark and says what is in it.
	const envelope = 20
	return message.Size() + len(kind.Kind) + len(kind.GroupVersion().String()) + envelope
}
