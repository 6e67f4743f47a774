package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	admission "k8s.io/api/admission/v1"
	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	kjson "sigs.k8s.io/json"

	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// Admission decides about writes in the process, where a cluster would ask a webhook.
type Admission struct {
	// Name is in the message of a refusal.
	Name string
	// Handles says whether a write is this one's business. The objects are not in the review yet.
	Handles func(Review) bool
	// Mutate may change Object, which nobody else holds. Nil changes nothing.
	Mutate func(*Review) error
	// Validate decides about the result. Nil allows everything.
	Validate func(*Review) error
}

// Review is a write that admission is asked about.
type Review struct {
	Operation admission.Operation
	// Kind and Resource are what the path of the request names, at the request's version.
	Kind        schema.GroupVersionKind
	Resource    schema.GroupVersionResource
	Subresource string
	// Name is empty while it is to be generated.
	Namespace, Name string
	// Object is the new state, nil for DELETE; Old the stored one, nil for CREATE.
	Object, Old *unstructured.Unstructured
	User        authentication.UserInfo
	DryRun      bool
	// Warn tells the client something.
	Warn func(message string)
}

// Admit makes further writes ask these, in order.
func (s *Server) Admit(all ...Admission) {
	s.admissionMu.Lock()
	defer s.admissionMu.Unlock()
	if old := s.admission.Load(); old != nil {
		all = append(append([]Admission(nil), *old...), all...)
	}
	s.admission.Store(&all)
}

// admissions returns those that a write concerns, and what they are to be asked.
func (s *Server) admissions(served *Served, op admission.Operation, w Write) ([]Admission, Review) {
	all := s.admission.Load()
	if all == nil {
		return nil, Review{}
	}
	r := Review{
		Operation: op, Kind: served.GVK, Resource: served.GVR, Subresource: w.Subresource,
		Namespace: w.Namespace, Name: w.Name, User: w.User, DryRun: w.DryRun, Warn: w.warn,
	}
	if w.generated {
		r.Name = ""
	}
	var out []Admission
	for _, a := range *all {
		if a.Handles(r) {
			out = append(out, a)
		}
	}
	return out, r
}

// operation names a write that comes to obj from old.
func operation(old *unstructured.Unstructured) admission.Operation {
	if old == nil {
		return admission.Create
	}
	return admission.Update
}

// admit decides whether a write may go on, and returns what admission makes of its object. old is nil for a new one. As on
// the real server it comes after the account of who owns what: what it changes is nobody's.
func (s *Server) admit(served *Served, obj, old *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	if old == nil {
		if err := s.admitPlace(served, obj); err != nil {
			return nil, err
		}
	}
	if w.admitted {
		return obj, nil
	}
	return s.mutate(served, served, obj, old, w)
}

// mutate lets admission change obj, which was asked for through served. model is the kind of obj, nil when there is no model of it.
func (s *Server) mutate(served, model *Served, obj, old *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	asked, review := s.admissions(served, operation(old), w)
	name := obj.GetName()
	for _, a := range asked {
		if a.Mutate == nil {
			continue
		}
		r := review
		r.Object, r.Old = obj.DeepCopy(), copyOf(old)
		if w.generated && r.Object.GetName() == name {
			r.Object.SetName("")
		}
		err := a.Mutate(&r)
		if err != nil {
			return nil, refusal(a.Name, err)
		}
		if r.Object == nil || r.Object.Object == nil {
			return nil, unreadable(a.Name, errors.New("there is none"))
		}
		if w.generated && r.Object.GetName() == "" {
			r.Object.SetName(name)
		}
		if reflect.DeepEqual(r.Object.Object, obj.Object) {
			continue
		}
		if obj, err = mutated(model, r.Object, obj, w); err != nil {
			return nil, unreadable(a.Name, err)
		}
	}
	return obj, nil
}

// unreadable is the error for a mutation that leaves no object.
func unreadable(name string, cause error) error {
	return apierrors.NewInternalError(fmt.Errorf("admission webhook %q made an object that cannot be read: %w", name, cause))
}

// mutated reads what admission has made of an object: of plain values, complete with defaults, and with an account of
// ownership that can be read, else the one from before.
func mutated(model *Served, obj, before *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, err
	}
	plain := map[string]any{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &plain); err != nil {
		return nil, err
	}
	if model == nil {
		return &unstructured.Unstructured{Object: plain}, nil
	}
	out, err := canonical(model, &unstructured.Unstructured{Object: plain})
	if err != nil {
		return nil, err
	}
	model.model.Default(out.Object)
	if err := managedfields.ValidateManagedFields(out.GetManagedFields()); err != nil {
		out.SetManagedFields(before.GetManagedFields())
		w.warn(fmt.Sprintf(".metadata.managedFields was in an invalid state after admission; this could be caused by an outdated "+
			"mutating admission controller; please fix your requests: %v", err))
	}
	return out, nil
}

// validated lets admission refuse what is about to be stored, or deleted when obj is nil.
func (s *Server) validated(served *Served, op admission.Operation, obj, old *unstructured.Unstructured, w Write) error {
	asked, review := s.admissions(served, op, w)
	if obj != nil {
		review.Name = obj.GetName()
	}
	for _, a := range asked {
		if a.Validate == nil {
			continue
		}
		r := review
		r.Object, r.Old = copyOf(obj), copyOf(old)
		if err := a.Validate(&r); err != nil {
			return refusal(a.Name, err)
		}
	}
	return nil
}

// admitDelete asks about a deletion: those that mutate have nothing to change, and may refuse.
func (s *Server) admitDelete(served *Served, old *unstructured.Unstructured, w Write) error {
	asked, review := s.admissions(served, admission.Delete, w)
	for _, a := range asked {
		if a.Mutate == nil {
			continue
		}
		r := review
		r.Old = copyOf(old)
		if err := a.Mutate(&r); err != nil {
			return refusal(a.Name, err)
		}
		if r.Object != nil {
			return apierrors.NewInternalError(fmt.Errorf(
				"admission webhook %q attempted to modify the object, which is not supported for this operation", a.Name))
		}
	}
	return s.validated(served, admission.Delete, nil, old, w)
}

func copyOf(obj *unstructured.Unstructured) *unstructured.Unstructured {
	if obj == nil {
		return nil
	}
	return obj.DeepCopy()
}

// refusal is the error of a write that admission does not want, in the words that tell of a webhook's refusal. An error with
// a Status keeps its code, reason and details.
func refusal(name string, cause error) error {
	status := metav1.Status{Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: cause.Error()}
	var told apierrors.APIStatus
	if errors.As(cause, &told) {
		status = told.Status()
	}
	if status.Code < http.StatusBadRequest {
		status.Code = http.StatusBadRequest
	}
	status.Status = metav1.StatusFailure
	why := ": " + status.Message
	switch {
	case status.Message != "":
	case status.Reason != "":
		why = ": " + string(status.Reason)
	default:
		why = " without explanation"
	}
	status.Message = fmt.Sprintf("admission webhook %q denied the request%s", name, why)
	return &apierrors.StatusError{ErrStatus: status}
}

// admitPlace decides whether a new object may come to be where it is.
func (s *Server) admitPlace(served *Served, obj *unstructured.Unstructured) error {
	if !served.Namespaced {
		return nil
	}
	home, ok := s.Catalog().Kind(strategy.Home)
	if !ok {
		return nil
	}
	namespace, err := s.Read(home, "", obj.GetNamespace())
	if err != nil {
		return err
	}
	if namespace.GetDeletionTimestamp() == nil {
		return nil
	}
	refused := apierrors.NewForbidden(served.GVR.GroupResource(), obj.GetName(),
		fmt.Errorf("unable to create new content in namespace %s because it is being terminated", obj.GetNamespace()))
	refused.ErrStatus.Details.Causes = append(refused.ErrStatus.Details.Causes, metav1.StatusCause{
		Type:    core.NamespaceTerminatingCause,
		Message: fmt.Sprintf("namespace %s is being terminated", obj.GetNamespace()),
		Field:   "metadata.namespace",
	})
	return refused
}
