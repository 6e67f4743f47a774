package apiserver

import (
	"errors"
	"fmt"
	"strconv"

	admission "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// optimisticLock is the message of a write that was computed from an older object.
const optimisticLock = "the object has been modified; please apply your changes to the latest version and try again"

// change computes a new object from the live one, which it may modify. An object without a UID stands for one that is not
// there.
type changeFunc func(live *unstructured.Unstructured) (*unstructured.Unstructured, error)

// rule says what an update may do about an object that is not there, and what must hold for one that is.
type rule struct {
	create bool
	uid    types.UID
}

// Update replaces an object by one from a request's body, already decoded and defaulted. The second result says that it was
// created.
func (s *Server) Update(served *Served, obj *unstructured.Unstructured, w Write) (*unstructured.Unstructured, bool, error) {
	defer s.settle()
	return s.update(served, obj, w)
}

func (s *Server) update(served *Served, obj *unstructured.Unstructured, w Write) (*unstructured.Unstructured, bool, error) {
	if err := s.place(served, obj, w.Namespace); err != nil {
		return nil, false, err
	}
	if err := sameName(obj, w.Name); err != nil {
		return nil, false, err
	}
	manager, err := served.manager(w.Subresource)
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	return s.modify(served, w, rule{create: served.row.CreateOnUpdate && w.Subresource == "", uid: obj.GetUID()},
		func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
			sent, err := served.recorded(obj.DeepCopy(), func(shown *unstructured.Unstructured) *unstructured.Unstructured {
				return manager.Update(live, shown, w.Manager, s.time())
			})
			if err != nil {
				return nil, apierrors.NewBadRequest(err.Error())
			}
			return sent, nil
		})
}

// modify takes a change through the path of every write to an object that may exist: it is computed from what is stored,
// prepared, validated and stored if nobody else wrote in between; else it is computed again.
func (s *Server) modify(served *Served, w Write, r rule, change changeFunc) (*unstructured.Unstructured, bool, error) {
	change = served.through(change)
	out, created, err := s.try(served.stored(), w, r, change)
	for errors.Is(err, store.ErrStale) {
		out, created, err = s.try(served.stored(), w, r, change)
	}
	if err != nil {
		return nil, false, err
	}
	out, err = served.show(out)
	return out, created, err
}

func (s *Server) try(served *Served, w Write, r rule, change changeFunc) (*unstructured.Unstructured, bool, error) {
	namespace := w.Namespace
	if !served.Namespaced {
		namespace = ""
	}
	record, exists := s.store.Get(key(served, namespace, w.Name))
	if !exists {
		if !r.create {
			return nil, false, apierrors.NewNotFound(served.GVR.GroupResource(), w.Name)
		}
		return s.tryCreate(served, w, r, change)
	}
	live, err := s.decode(served, record)
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	if r.uid != "" && r.uid != live.GetUID() {
		return nil, false, s.otherUID(served, live, w.Name, r.uid, live.GetUID())
	}
	obj, err := change(apply.Copy(live))
	if err != nil {
		return nil, false, err
	}
	if err := s.sameObject(served, obj, w); err != nil {
		return nil, false, err
	}
	if obj, err = s.admit(served, obj, live, w); err != nil {
		return nil, false, err
	}
	if err := s.checkVersion(served, obj, live, w.Name); err != nil {
		return nil, false, err
	}
	if err := s.place(served, obj, w.Namespace); err != nil { // admission may have moved it
		return nil, false, err
	}
	s.dedupOwners(obj, w)
	env := &reservation{pools: &s.pools, now: s.time()}
	obj, err = s.prepareUpdate(served, obj, live, w, env)
	if err != nil {
		env.cancel()
		return nil, false, err
	}
	out, err := s.storeUpdate(served, obj, live, record, w)
	if err != nil || w.DryRun {
		env.cancel()
	}
	return out, false, err
}

// otherUID is the error for an update of an object that is not the one that was read.
func (s *Server) otherUID(served *Served, obj *unstructured.Unstructured, name string, wanted, is types.UID) error {
	return apierrors.NewConflict(served.GVR.GroupResource(), name, fmt.Errorf("StorageError: invalid object, Code: 4, Key: %s, "+
		"ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: %v, UID in object meta: %v",
		storageKey(served, obj), wanted, is))
}

// storageKey is where a cluster keeps an object.
func storageKey(served *Served, obj *unstructured.Unstructured) string {
	key := "/registry/" + served.GVR.Resource
	if namespace := obj.GetNamespace(); namespace != "" {
		key += "/" + namespace
	}
	return key + "/" + obj.GetName()
}

func (s *Server) tryCreate(served *Served, w Write, r rule, change changeFunc) (*unstructured.Unstructured, bool, error) {
	empty, err := emptyObject(served)
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	obj, err := change(empty)
	if err != nil {
		return nil, false, err
	}
	if r.uid != "" {
		return nil, false, s.otherUID(served, obj, w.Name, r.uid, "")
	}
	if uid := obj.GetUID(); uid != "" {
		return nil, false, apierrors.NewConflict(served.GVR.GroupResource(), w.Name,
			fmt.Errorf("uid mismatch: the provided object specified uid %s, and no existing object was found", uid))
	}
	if err := s.sameObject(served, obj, w); err != nil {
		return nil, false, err
	}
	s.dedupOwners(obj, w)
	w.upsert = true
	out, err := s.createPrepared(served, obj, w)
	if apierrors.IsAlreadyExists(err) {
		return nil, false, store.ErrStale
	}
	return out, true, err
}

// sameObject holds a changed object to the name and namespace of the request.
func (s *Server) sameObject(served *Served, obj *unstructured.Unstructured, w Write) error {
	if err := s.place(served, obj, w.Namespace); err != nil {
		return err
	}
	return sameName(obj, w.Name)
}

// sameName holds an object to the name of the request.
func sameName(obj *unstructured.Unstructured, name string) error {
	switch own := obj.GetName(); own {
	case name:
		return nil
	case "":
		return apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s based on URL) was undeterminable: name must be provided", name))
	default:
		return apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", own, name))
	}
}

// checkVersion holds an update to the version that it was computed from.
func (s *Server) checkVersion(served *Served, obj, live *unstructured.Unstructured, name string) error {
	version := obj.GetResourceVersion()
	if version == "" || version == "0" {
		if served.row.Conditional {
			errs := field.ErrorList{field.Invalid(field.NewPath("metadata", "resourceVersion"), uint64(0), "must be specified for an update")}
			gr := served.GVR.GroupResource()
			gk := served.GVK.GroupKind()
			gk.Group, gk.Kind = gr.Group, gr.Resource
			return apierrors.NewInvalid(gk, name, errs)
		}
		obj.SetResourceVersion(live.GetResourceVersion())
		return nil
	}
	if _, err := strconv.ParseUint(version, 10, 64); err != nil {
		return plainError(err.Error())
	}
	if version != live.GetResourceVersion() {
		return apierrors.NewConflict(served.GVR.GroupResource(), name, errors.New(optimisticLock))
	}
	return nil
}

// prepareUpdate keeps what the writer may not change, completes the object and validates it.
func (s *Server) prepareUpdate(served *Served, obj, live *unstructured.Unstructured, w Write, env strategy.Env) (*unstructured.Unstructured, error) {
	obj.SetGeneration(live.GetGeneration())
	for _, path := range served.resets(w.Subresource) {
		keep(obj.Object, live.Object, path)
	}
	if w.Subresource == "status" && served.Custom != nil {
		keepAllBut(obj, live)
	}
	s.keepSystemFields(obj, live)
	for _, step := range served.steps(w.Subresource) {
		if errs := step(obj.Object, live.Object, env); len(errs) > 0 {
			return nil, s.invalid(served, obj, w.Name, errs)
		}
	}
	obj, err := typed(served, obj)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	s.countGeneration(served, obj, live, w)
	if errs := s.validateUpdate(served, obj, live, w); len(errs) > 0 {
		return nil, s.invalid(served, obj, w.Name, errs)
	}
	if w.Subresource == "" {
		s.warnings(served, obj, live, w)
	}
	if !w.admitted {
		if err := s.validated(served, admission.Update, obj, live, w); err != nil {
			return nil, err
		}
	}
	apply.IgnoreTimes(obj, live)
	return obj, nil
}

// steps are what completes a write through a subresource.
func (s *Served) steps(subresource string) []strategy.Step {
	switch subresource {
	case "":
		return s.row.Prepare
	case "status":
		return s.row.StatusPrepare
	}
	return nil
}

func (s *Server) validateUpdate(served *Served, obj, live *unstructured.Unstructured, w Write) field.ErrorList {
	names := served.row.Names
	if names == nil {
		names = strategy.DNSSubdomain
	}
	at := field.NewPath("metadata")
	is, was := apply.Metadata(obj), apply.Metadata(live)
	errs := validation.ValidateObjectMetaAccessor(is, served.Namespaced, names, at)
	errs = append(errs, validation.ValidateObjectMetaAccessorUpdate(is, was, at)...)
	if served.Custom != nil || served.row.Defines {
		// The real server checks the metadata of these once more, and says what it finds once more.
		errs = append(errs, validation.ValidateObjectMetaAccessorUpdate(is, was, at)...)
	}
	if w.Subresource == "" {
		for _, check := range served.row.Check {
			errs = append(errs, check(obj.Object, live.Object)...)
		}
		if !served.row.Defines { // What there is to say of a definition, package crd says.
			errs = append(errs, served.model.Validate(obj.Object, live.Object, false)...)
		}
		for _, frozen := range served.row.Frozen { // after the values, as most strategies do
			if err := frozen.Check(obj.Object, live.Object); err != nil {
				errs = append(errs, err)
			}
		}
		if served.row.Defines {
			errs = append(errs, crd.ValidateUpdate(obj, live, s.defining)...)
		}
	}
	if w.Subresource == "status" {
		for _, check := range served.row.StatusCheck {
			errs = append(errs, check(obj.Object, live.Object)...)
		}
	}
	if w.Subresource == "" {
		return errs
	}
	return append(errs, served.model.Validate(obj.Object, live.Object, w.Subresource == "status")...)
}
