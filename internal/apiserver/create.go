package apiserver

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"

	admission "k8s.io/api/admission/v1"
	authentication "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// Write is what a request says about a write besides the object.
type Write struct {
	Namespace, Name string
	// Subresource is what is written, "" for the object itself.
	Subresource string
	// Manager is the field manager that the write is recorded under.
	Manager string
	DryRun  bool
	// Validation is what is done about unknown fields: Strict, Warn or Ignore; empty means Warn.
	Validation string
	// Warn receives warnings for the client; nil drops them.
	Warn func(message string)

	// Collection says that an object is deleted as one of many.
	Collection bool

	upsert  bool // an update or an apply that creates
	applied bool // a server-side apply
	// User is who asks, for admission.
	User authentication.UserInfo

	generated bool // the server made the name up
	admitted  bool // admission was asked about the request already
}

func (w Write) warn(message string) {
	if w.Warn != nil {
		w.Warn(message)
	}
}

// strict reports whether unknown fields matter.
func (w Write) strict() bool { return w.Validation != metav1.FieldValidationIgnore }

// Create stores a new object from a request's body, already decoded and defaulted.
func (s *Server) Create(served *Served, obj *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	defer s.settle()
	return s.create(served, obj, w)
}

func (s *Server) create(served *Served, obj *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	if err := s.place(served, obj, w.Namespace); err != nil {
		return nil, err
	}
	if obj.GetName() == "" && obj.GetGenerateName() != "" {
		obj.SetName(generateName(obj.GetGenerateName()))
		w.generated = true
	}
	w.Name = obj.GetName()
	s.dedupOwners(obj, w)
	empty, err := emptyObject(served)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	manager, err := served.manager("")
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	obj, err = served.recorded(obj, func(shown *unstructured.Unstructured) *unstructured.Unstructured {
		return manager.Update(empty, shown, w.Manager, s.time())
	})
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	out, err := s.createPrepared(served.stored(), obj, w)
	if w.generated && apierrors.IsAlreadyExists(err) {
		return nil, apierrors.NewGenerateNameConflict(served.GVR.GroupResource(), w.Name, 1)
	}
	if err != nil {
		return nil, err
	}
	return served.show(out)
}

// createPrepared takes an object that carries its ownership through the rest of a creation.
func (s *Server) createPrepared(served *Served, obj *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	obj, err := s.admit(served, obj, nil, w)
	if err != nil {
		return nil, err
	}
	if err := s.place(served, obj, w.Namespace); err != nil { // admission may have moved it
		return nil, err
	}
	version := obj.GetResourceVersion()
	wipe(obj)
	obj.SetUID(newUID())
	obj.SetCreationTimestamp(s.time())
	s.resetNew(served, obj)

	env := &reservation{pools: &s.pools, now: s.time()}
	stored := false
	defer func() {
		if !stored {
			env.cancel()
		}
	}()
	for _, step := range served.row.Prepare {
		if errs := step(obj.Object, nil, env); len(errs) > 0 {
			return nil, s.invalid(served, obj, obj.GetName(), errs)
		}
	}
	obj, err = typed(served, obj)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if served.row.Redefaulted {
		served.model.Default(obj.Object)
	}
	if errs := s.validateCreate(served, obj); len(errs) > 0 {
		return nil, s.invalid(served, obj, obj.GetName(), errs)
	}
	s.warnings(served, obj, nil, w)
	if err := s.validated(served, admission.Create, obj, nil, w); err != nil {
		return nil, err
	}
	if version != "" && !w.DryRun && !w.upsert {
		return nil, plainError("resourceVersion should not be set on objects to be created")
	}
	k := key(served, obj.GetNamespace(), obj.GetName())
	if current, exists := s.store.Get(k); exists {
		return nil, s.exists(served, current)
	}
	obj = settled(served, obj)
	if w.DryRun {
		obj.SetResourceVersion(version)
		return s.rehearsed(served, obj)
	}
	data, err := s.encode(served, obj)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	if data, err = s.fit(served, k, obj, data, false, w); err != nil {
		return nil, err
	}
	record, err := s.store.Put(k, 0, data)
	if err != nil {
		current, _ := s.store.Get(k)
		return nil, s.exists(served, current)
	}
	stored = true
	return s.answer(served, obj, record)
}

// plainError is a fault of the store that the real server passes on as it is.
func plainError(message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: message}}
}

// exists is the error for a name that is taken.
func (s *Server) exists(served *Served, current store.Record) error {
	err := apierrors.NewAlreadyExists(served.GVR.GroupResource(), current.Key.Name)
	if obj, decodeErr := s.decode(served, current); decodeErr == nil && obj.GetDeletionTimestamp() != nil {
		err.ErrStatus.Message = "object is being deleted: " + err.ErrStatus.Message
	}
	return err
}

// answer returns a stored record as its writer sees it.
//
// A canonical object that needs no conversion is, but for its version, what would be read.
func (s *Server) answer(served *Served, obj *unstructured.Unstructured, r store.Record) (*unstructured.Unstructured, error) {
	if served.readAsStored() {
		obj.SetResourceVersion(strconv.FormatUint(r.Version, 10))
		return obj, nil
	}
	obj, err := s.decode(served, r)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return obj, nil
}

// rehearsed returns what a dry run would have stored, as its writer would have seen it.
func (s *Server) rehearsed(served *Served, obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	data, err := s.encode(served, obj)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	out, err := s.decodeAt(served, data, 0)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	out.SetResourceVersion(obj.GetResourceVersion())
	return out, nil
}

// place puts an object into the namespace of its request, or refuses it.
func (s *Server) place(served *Served, obj *unstructured.Unstructured, namespace string) error {
	if !served.Namespaced {
		namespace = ""
	}
	switch obj.GetNamespace() {
	case namespace:
		return nil
	case "":
		obj.SetNamespace(namespace)
		return nil
	}
	if !served.Namespaced {
		obj.SetNamespace("")
		return nil
	}
	return apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
}

// wipe removes what only the server sets.
func wipe(obj *unstructured.Unstructured) {
	meta, ok := obj.Object["metadata"].(map[string]any)
	if !ok {
		return
	}
	for _, name := range []string{
		"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion", "generation",
	} {
		delete(meta, name)
	}
}

// resetNew gives a new object the status and the generation that it starts with.
func (s *Server) resetNew(served *Served, obj *unstructured.Unstructured) {
	row := served.row
	if served.hasStatus() || row.Initial != nil {
		if served.Custom == nil {
			initial := map[string]any{}
			if row.Initial != nil {
				initial = runtime.DeepCopyJSON(row.Initial)
			}
			obj.Object["status"] = initial
		} else {
			delete(obj.Object, "status")
		}
	}
	if p := row.Protection; p != "" && !slices.Contains(obj.GetFinalizers(), p) {
		obj.SetFinalizers(append(obj.GetFinalizers(), p))
	}
	if row.NewGeneration > 0 {
		obj.SetGeneration(row.NewGeneration)
	}
}

func (s *Server) validateCreate(served *Served, obj *unstructured.Unstructured) field.ErrorList {
	names := served.row.Names
	if names == nil {
		names = strategy.DNSSubdomain
	}
	errs := validation.ValidateObjectMetaAccessor(apply.Metadata(obj), served.Namespaced, names, field.NewPath("metadata"))
	if served.Custom == nil && !served.row.AnyFinalizer {
		errs = append(errs, strategy.Finalizers(obj.GetFinalizers(), field.NewPath("metadata", "finalizers"))...)
	}
	for _, check := range served.row.Check {
		errs = append(errs, check(obj.Object, nil)...)
	}
	if served.row.Defines {
		return append(errs, crd.Validate(obj, s.defining)...) // The rules of values would say some of it once more.
	}
	return append(errs, served.model.Validate(obj.Object, nil, false)...)
}

// warnings tells the writer what the kind has to say about an accepted object.
func (s *Server) warnings(served *Served, obj, old *unstructured.Unstructured, w Write) {
	if served.row.Defines {
		for _, message := range crd.Warnings(obj, old, s.defining) {
			w.warn(message)
		}
	}
	if served.row.Warn == nil {
		return
	}
	var before map[string]any
	if old != nil {
		before = old.Object
	}
	for _, message := range served.row.Warn(obj.Object, before) {
		w.warn(message)
	}
}

func (s *Server) invalid(served *Served, obj *unstructured.Unstructured, name string, errs field.ErrorList) error {
	if served.Custom != nil || served.row.Defines { // what serves definitions and their kinds does not drop what it says twice
		return invalidStatus(obj.GroupVersionKind().GroupKind(), name, errs)
	}
	seen := map[string]bool{}
	errs = slices.DeleteFunc(errs, func(e *field.Error) bool {
		text := e.Error()
		twice := seen[text]
		seen[text] = true
		return twice
	})
	return invalidStatus(served.GVK.GroupKind(), name, errs)
}

// typed is what an object becomes in the hands of the server: a built-in one has the form of its Go type at all times. A custom one
// has none, so that a null that an apply leaves behind stays and is judged.
func typed(served *Served, obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if served.Custom != nil {
		return obj, nil
	}
	return canonical(served, obj)
}

// canonical writes an object the way its kind is stored.
func canonical(served *Served, obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	out, _, err := served.model.Canonical(obj.Object, false)
	if err != nil {
		return nil, err
	}
	return &unstructured.Unstructured{Object: out}, nil
}

// Empty returns an object of the kind with nothing in it.
func (s *Served) Empty() (*unstructured.Unstructured, error) { return emptyObject(s) }

// emptyObject is what a creation is compared with.
func emptyObject(served *Served) (*unstructured.Unstructured, error) {
	out := &unstructured.Unstructured{}
	out.SetGroupVersionKind(served.GVK)
	if served.Custom != nil {
		return out, nil
	}
	return canonical(served, out)
}

const (
	nameAlphabet = "bcdfghjklmnpqrstvwxz2456789"
	nameSuffix   = 5
	nameLimit    = 63 - nameSuffix
)

// generateName appends what the server appends: five characters that spell no words.
func generateName(base string) string {
	if len(base) > nameLimit {
		base = base[:nameLimit]
	}
	suffix := make([]byte, nameSuffix)
	for i := range suffix {
		suffix[i] = nameAlphabet[rand.IntN(len(nameAlphabet))]
	}
	return base + string(suffix)
}

// dedupOwners drops owner references that are there twice.
func (s *Server) dedupOwners(obj *unstructured.Unstructured, w Write) {
	owners, ok := strategy.Get(obj.Object, strategy.Path{"metadata", "ownerReferences"}).([]any)
	if !ok || len(owners) < 2 {
		return
	}
	seen := map[string]bool{}
	kept := make([]any, 0, len(owners))
	for _, o := range owners {
		print := fmt.Sprint(o)
		if seen[print] {
			owner, _ := o.(map[string]any)
			w.warn(fmt.Sprintf(".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, "+
				"and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: %v", owner["uid"]))
			continue
		}
		seen[print] = true
		kept = append(kept, o)
	}
	if len(kept) < len(owners) {
		strategy.Put(obj.Object, strategy.Path{"metadata", "ownerReferences"}, kept)
	}
}
