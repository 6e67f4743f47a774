package apiserver

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// Delete deletes an object, or marks it for deletion when something holds it. It returns the last state and whether the
// object is gone.
func (s *Server) Delete(served *Served, w Write, opts metav1.DeleteOptions) (*unstructured.Unstructured, bool, error) {
	defer s.settle()
	return s.delete(served, w, opts)
}

func (s *Server) delete(served *Served, w Write, opts metav1.DeleteOptions) (*unstructured.Unstructured, bool, error) {
	if err := ValidateDeletion(opts, w.Collection); err != nil {
		return nil, false, err
	}
	if ptr.Deref(opts.IgnoreStoreReadErrorWithClusterBreakingPotential, false) {
		return nil, false, s.refuseUnsafe(served, w)
	}
	if message := served.DeletionWarning(opts); message != "" && !w.Collection {
		w.warn(message)
	}
	if served.row.Protected != nil && served.row.Protected(w.Name) {
		return nil, false, apierrors.NewForbidden(served.GVR.GroupResource(), w.Name, errors.New("this namespace may not be deleted"))
	}
	out, gone, err := s.tryDelete(served.stored(), w, opts)
	for errors.Is(err, store.ErrStale) {
		out, gone, err = s.tryDelete(served.stored(), w, opts)
	}
	if err != nil {
		return nil, false, err
	}
	out, err = served.show(out)
	return out, gone, err
}

// ValidateDeletion checks the options of a deletion, of one object or of a collection.
func ValidateDeletion(opts metav1.DeleteOptions, collection bool) error {
	errs := validation.ValidateDeleteOptions(&opts)
	if len(errs) == 0 && collection && ptr.Deref(opts.IgnoreStoreReadErrorWithClusterBreakingPotential, false) {
		errs = append(errs, field.Invalid(field.NewPath("ignoreStoreReadErrorWithClusterBreakingPotential"), true,
			"is not allowed with DELETECOLLECTION, try again after removing the option"))
	}
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "DeleteOptions"}, "", errs)
}

// refuseUnsafe is the answer to a deletion that is to go on when the object cannot be read (KEP-3926): here every object can.
func (s *Server) refuseUnsafe(served *Served, w Write) error {
	if strategy.NoUnsafeDeletion(served.GVK.GroupKind()) {
		return apierrors.NewInternalError(errors.New("no unsafe deleter provided, can not honor ignoreStoreReadErrorWithClusterBreakingPotential"))
	}
	obj, err := s.Read(served, w.Namespace, w.Name)
	if err != nil {
		return err
	}
	return apierrors.NewConflict(served.GVR.GroupResource(), w.Name, fmt.Errorf("StorageError: invalid object, Code: 4, Key: %s, "+
		"ResourceVersion: 0, AdditionalErrorMsg: unsafe deletion is not allowed because the object is decodable from storage",
		storageKey(served, obj)))
}

func (s *Server) tryDelete(served *Served, w Write, opts metav1.DeleteOptions) (*unstructured.Unstructured, bool, error) {
	namespace := w.Namespace
	if !served.Namespaced {
		namespace = ""
	}
	record, ok := s.store.Get(key(served, namespace, w.Name))
	if !ok {
		return nil, false, apierrors.NewNotFound(served.GVR.GroupResource(), w.Name)
	}
	obj, err := s.decode(served, record)
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	if err := s.preconditions(served, obj, opts.Preconditions); err != nil {
		return nil, false, err
	}
	live := obj.DeepCopy()
	marked, graceful, wait := s.mark(served, obj, opts, w.Collection)
	if wait && !marked && served.Custom == nil {
		return obj, false, nil
	}
	if !w.admitted {
		if err := s.admitDelete(served, live, w); err != nil {
			return nil, false, err
		}
	}
	if wait {
		out, err := s.storeMarked(served, obj, record, w)
		return out, false, err
	}
	switch {
	case graceful:
		// The mark is an event of its own, and all that a dry run does.
		out, err := s.storeMarked(served, obj, record, w)
		if err != nil || w.DryRun {
			return out, false, err
		}
		return s.remove(served, out, w)
	case marked && !w.DryRun && opts.Preconditions != nil && opts.Preconditions.ResourceVersion != nil:
		// The real server forgets the version when a deletion takes away the last finalizer, and finds that it does not match.
		return nil, false, apierrors.NewConflict(served.GVR.GroupResource(), w.Name, fmt.Errorf("StorageError: invalid object, Code: 4, Key: %s, "+
			"ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ResourceVersion in precondition: , ResourceVersion in object meta: %s",
			storageKey(served, live), live.GetResourceVersion()))
	case marked && w.DryRun:
		// A dry run goes no further than to the finalizers, and the real server has nothing to show for it.
		empty, err := emptyObject(served)
		return empty, false, err
	}
	if w.DryRun {
		return live, true, nil
	}
	data, err := s.encode(served, live)
	if err != nil {
		return nil, false, apierrors.NewInternalError(err)
	}
	if _, err := s.store.Delete(record.Key, record.Version, data); err != nil {
		return nil, false, err
	}
	s.pools.release(live.Object, nil)
	return live, true, nil
}

// remove takes an object that has been marked out of the store.
func (s *Server) remove(served *Served, obj *unstructured.Unstructured, w Write) (*unstructured.Unstructured, bool, error) {
	k := key(served, obj.GetNamespace(), obj.GetName())
	record, ok := s.store.Get(k)
	if !ok {
		return nil, false, apierrors.NewNotFound(served.GVR.GroupResource(), w.Name)
	}
	if _, err := s.store.Delete(k, record.Version, record.Data); err != nil {
		return nil, false, err
	}
	s.pools.release(obj.Object, nil)
	return obj, true, nil
}

func (s *Server) storeMarked(served *Served, obj *unstructured.Unstructured, record store.Record, w Write) (*unstructured.Unstructured, error) {
	if w.DryRun {
		return obj, nil
	}
	data, err := s.encode(served, obj)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	if bytes.Equal(data, record.Data) {
		// A custom resource is stored again even so when it reads otherwise at this version than it was stored.
		return obj, nil
	}
	stored, err := s.store.Put(record.Key, record.Version, data)
	if err != nil {
		return nil, err
	}
	out, err := s.decode(served, stored)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return out, nil
}

func (s *Server) preconditions(served *Served, obj *unstructured.Unstructured, p *metav1.Preconditions) error {
	if p == nil {
		return nil
	}
	// The real server names the kind where a resource should be.
	gr := schema.GroupResource{Group: served.GVK.Group, Resource: served.GVK.Kind}
	if served.row.Delayed {
		return delayedPreconditions(served, obj, p)
	}
	if p.UID != nil && *p.UID != obj.GetUID() {
		return apierrors.NewConflict(gr, obj.GetName(), fmt.Errorf("the UID in the precondition (%s) does not match the UID in record (%s). "+
			"The object might have been deleted and then recreated", *p.UID, obj.GetUID()))
	}
	if p.ResourceVersion != nil && *p.ResourceVersion != obj.GetResourceVersion() {
		return apierrors.NewConflict(gr, obj.GetName(), fmt.Errorf("the ResourceVersion in the precondition (%s) does not match the "+
			"ResourceVersion in record (%s). The object might have been modified", *p.ResourceVersion, obj.GetResourceVersion()))
	}
	return nil
}

// delayedPreconditions are those of kinds that are always emptied before they go. Such a kind checks them itself, in words of
// its own.
func delayedPreconditions(served *Served, obj *unstructured.Unstructured, p *metav1.Preconditions) error {
	failed := "Precondition failed"
	if served.row.Defines {
		failed = "precondition failed"
	}
	if p.UID != nil && *p.UID != obj.GetUID() {
		return apierrors.NewConflict(served.GVR.GroupResource(), obj.GetName(), fmt.Errorf(
			"%s: UID in precondition: %v, UID in object meta: %v", failed, *p.UID, obj.GetUID()))
	}
	if p.ResourceVersion != nil && *p.ResourceVersion != obj.GetResourceVersion() {
		return apierrors.NewConflict(served.GVR.GroupResource(), obj.GetName(), fmt.Errorf(
			"%s: ResourceVersion in precondition: %v, ResourceVersion in object meta: %v", failed, *p.ResourceVersion, obj.GetResourceVersion()))
	}
	return nil
}

// mark changes obj as a deletion does. It reports whether anything changed, and whether the object has to wait for
// something before it can go.
func (s *Server) mark(served *Served, obj *unstructured.Unstructured, opts metav1.DeleteOptions, collection bool) (marked, graceful, wait bool) {
	deleting := obj.GetDeletionTimestamp() != nil
	if p := served.row.Protection; p != "" && !s.controllers.protected.Load() {
		obj.SetFinalizers(slices.DeleteFunc(obj.GetFinalizers(), func(f string) bool { return f == p }))
	}
	if served.row.Delayed && !(collection && served.row.Defines) { // a collection goes past what the kind does itself
		if !deleting {
			s.markDelayed(served, obj, opts)
			return true, false, true
		}
		if !s.emptied(served, obj) {
			return false, false, true
		}
	}
	var pending bool
	graceful, pending = s.grace(served, obj, opts)
	if pending {
		return false, false, true
	}
	marked = graceful
	if finalizers, changed := s.collectionFinalizers(served, obj, opts); changed {
		obj.SetFinalizers(finalizers)
		marked = true
	}
	if len(obj.GetFinalizers()) > 0 && !graceful {
		marked = s.markNow(obj) || marked
	}
	wait = len(obj.GetFinalizers()) > 0 || graceful && *obj.GetDeletionGracePeriodSeconds() > 0
	return marked, graceful, wait
}

// markDelayed is the first step of kinds that are always emptied before they go.
func (s *Server) markDelayed(served *Served, obj *unstructured.Unstructured, opts metav1.DeleteOptions) {
	now := s.time()
	obj.SetDeletionTimestamp(&now)
	if served.row.Deleting != nil {
		served.row.Deleting(obj, now.Time)
	}
	if finalizers, changed := s.collectionFinalizers(served, obj, opts); changed && !served.row.Defines {
		obj.SetFinalizers(finalizers)
	}
}

// grace applies the grace period of kinds that have one.
func (s *Server) grace(served *Served, obj *unstructured.Unstructured, opts metav1.DeleteOptions) (graceful, pending bool) {
	if served.row.Grace == nil {
		return false, false
	}
	wanted := opts.GracePeriodSeconds
	if wanted != nil && *wanted < 0 {
		one := int64(1)
		wanted = &one
	}
	if obj.GetDeletionTimestamp() != nil {
		return s.shorten(obj, wanted)
	}
	// Once an object is due to end at once, its wish is no longer asked for.
	seconds := served.row.Grace(obj.Object)
	if wanted != nil && (seconds > 0 || *wanted == 0) {
		seconds = *wanted
	}
	at := metav1.NewTime(s.time().Add(time.Duration(seconds) * time.Second))
	obj.SetDeletionTimestamp(&at)
	obj.SetDeletionGracePeriodSeconds(&seconds)
	if g := obj.GetGeneration(); g > 0 {
		obj.SetGeneration(g + 1)
	}
	return true, false
}

// shorten lets a later deletion make the grace period shorter, never longer.
func (s *Server) shorten(obj *unstructured.Unstructured, wanted *int64) (graceful, pending bool) {
	had := obj.GetDeletionGracePeriodSeconds()
	if had == nil || *had == 0 {
		return false, false
	}
	if wanted == nil || *wanted >= *had {
		return false, true
	}
	at := metav1.NewTime(obj.GetDeletionTimestamp().Add(time.Duration(*wanted-*had) * time.Second))
	period := *wanted
	if now := s.time(); at.Before(&now) {
		at = now
		if period != 0 {
			period = 1
		}
	}
	obj.SetDeletionTimestamp(&at)
	obj.SetDeletionGracePeriodSeconds(&period)
	return true, false
}

// markNow marks an object that finalizers hold and that has no grace period.
func (s *Server) markNow(obj *unstructured.Unstructured) bool {
	marked := false
	now := s.time()
	at := obj.GetDeletionTimestamp()
	if at == nil {
		if g := obj.GetGeneration(); g > 0 {
			obj.SetGeneration(g + 1)
		}
	}
	if at == nil || now.Before(at) {
		obj.SetDeletionTimestamp(&now)
		marked = true
	}
	if grace := obj.GetDeletionGracePeriodSeconds(); grace == nil || *grace != 0 {
		zero := int64(0)
		obj.SetDeletionGracePeriodSeconds(&zero)
		marked = true
	}
	return marked
}

// collectionFinalizers returns the finalizers that make garbage collection do what a deletion asks for.
func (s *Server) collectionFinalizers(served *Served, obj *unstructured.Unstructured, opts metav1.DeleteOptions) ([]string, bool) {
	if served.row.NoDependents {
		return nil, false
	}
	have := obj.GetFinalizers()
	orphan := slices.Contains(have, metav1.FinalizerOrphanDependents)
	foreground := !orphan && slices.Contains(have, metav1.FinalizerDeleteDependents)
	switch {
	case opts.OrphanDependents != nil: // still part of the protocol
		orphan, foreground = *opts.OrphanDependents, false
	case opts.PropagationPolicy != nil:
		orphan = *opts.PropagationPolicy == metav1.DeletePropagationOrphan
		foreground = *opts.PropagationPolicy == metav1.DeletePropagationForeground
	case !orphan && !foreground:
		orphan = served.row.Orphan
	}
	want := slices.DeleteFunc(slices.Clone(have), func(f string) bool {
		return f == metav1.FinalizerOrphanDependents || f == metav1.FinalizerDeleteDependents
	})
	if orphan {
		want = append(want, metav1.FinalizerOrphanDependents)
	}
	if foreground {
		want = append(want, metav1.FinalizerDeleteDependents)
	}
	a, b := slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(want))
	return want, !slices.Equal(a, b)
}

// DeletionWarning is what a deletion is warned of, empty for nothing.
func (s *Served) DeletionWarning(opts metav1.DeleteOptions) string {
	if opts.PropagationPolicy != nil || opts.OrphanDependents != nil {
		return ""
	}
	return s.row.DeleteWarning
}

// ReturnsDeleted reports whether a deletion is answered with the object rather than with a Status.
func (s *Served) ReturnsDeleted() bool { return s.row.ReturnDeleted }
