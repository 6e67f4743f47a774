package apiserver

import (
	"time"

	authentication "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// inner is [API] on a server.
type inner struct{ server *Server }

var _ API = inner{}

// API returns the face for callers in the process. Writes through it wake controllers as any other.
func (s *Server) API() API { return outer{inner{s}} }

func (i inner) served(kind schema.GroupVersionKind) (*Served, error) {
	served, ok := i.server.Catalog().Kind(kind)
	if !ok {
		return nil, &meta.NoKindMatchError{GroupKind: kind.GroupKind(), SearchedVersions: []string{kind.Version}}
	}
	return served, nil
}

func (i inner) Kinds() []Kind {
	var out []Kind
	for _, s := range i.server.Catalog().Served {
		if s.form == nil && s.GVK.Version == s.versions[0] && !s.Virtual() {
			out = append(out, s.kind())
		}
	}
	return out
}

func (i inner) Get(kind schema.GroupVersionKind, namespace, name string) (*unstructured.Unstructured, error) {
	served, err := i.served(kind)
	if err != nil {
		return nil, err
	}
	return i.server.Read(served, namespace, name)
}

func (i inner) List(kind schema.GroupVersionKind, namespace string, selector labels.Selector) ([]*unstructured.Unstructured, error) {
	served, err := i.served(kind)
	if err != nil {
		return nil, err
	}
	page, err := i.server.List(served, ListOptions{Selection: Selection{Namespace: namespace, Labels: selector}})
	return page.Items, err
}

func (i inner) write(namespace, name string, opts WriteOptions) Write {
	manager := opts.Manager
	if manager == "" {
		manager = "unknown"
	}
	return Write{
		Namespace: namespace, Name: name, Subresource: opts.Subresource, Manager: manager, DryRun: opts.DryRun,
		Validation: metav1.FieldValidationStrict, User: controllerUser,
	}
}

func (i inner) prepare(obj *unstructured.Unstructured, opts WriteOptions) (*Served, *unstructured.Unstructured, Write, error) {
	served, err := i.served(obj.GroupVersionKind())
	if err != nil {
		return nil, nil, Write{}, err
	}
	w := i.write(obj.GetNamespace(), obj.GetName(), opts)
	raw, err := plain.Encode(obj.Object)
	if err != nil {
		return nil, nil, Write{}, apierrors.NewBadRequest(err.Error())
	}
	decoded, err := i.server.Decode(served, raw, w)
	return served, decoded, w, err
}

func (i inner) Create(obj *unstructured.Unstructured, opts WriteOptions) (*unstructured.Unstructured, error) {
	served, obj, w, err := i.prepare(obj, opts)
	if err != nil {
		return nil, err
	}
	return i.server.create(served, obj, w)
}

func (i inner) Update(obj *unstructured.Unstructured, opts WriteOptions) (*unstructured.Unstructured, error) {
	if opts.Subresource == "scale" {
		return nil, apierrors.NewBadRequest("a Scale is not the object: patch spec.replicas through the scale subresource")
	}
	served, obj, w, err := i.prepare(obj, opts)
	if err != nil {
		return nil, err
	}
	out, _, err := i.server.update(served, obj, w)
	return out, err
}

func (i inner) Patch(kind schema.GroupVersionKind, namespace, name string, patch types.PatchType, data []byte, opts WriteOptions) (*unstructured.Unstructured, error) {
	served, err := i.served(kind)
	if err != nil {
		return nil, err
	}
	out, _, err := i.server.patch(served, patch, data, opts.Force, i.write(namespace, name, opts))
	return out, err
}

func (i inner) Post(kind schema.GroupVersionKind, namespace, name, subresource string, body map[string]any) error {
	served, err := i.served(kind)
	if err != nil {
		return err
	}
	return i.server.post(served, body, Write{Namespace: namespace, Name: name, Subresource: subresource, User: controllerUser})
}

func (i inner) Delete(kind schema.GroupVersionKind, namespace, name string, opts metav1.DeleteOptions) error {
	served, err := i.served(kind)
	if err != nil {
		return err
	}
	w := Write{Namespace: namespace, Name: name, DryRun: len(opts.DryRun) > 0, User: controllerUser}
	_, _, err = i.server.delete(served, w, opts)
	return err
}

// controllerUser is who writes from inside the process, as admission sees it.
var controllerUser = authentication.UserInfo{Username: "system:kube-controller-manager", Groups: []string{"system:authenticated"}}

func (i inner) Now() time.Time { return i.server.now() }

// outer is [API] for callers that are no controllers: after a write it lets the controllers run.
type outer struct{ inner }

func (o outer) Create(obj *unstructured.Unstructured, opts WriteOptions) (*unstructured.Unstructured, error) {
	defer o.server.settle()
	return o.inner.Create(obj, opts)
}

func (o outer) Update(obj *unstructured.Unstructured, opts WriteOptions) (*unstructured.Unstructured, error) {
	defer o.server.settle()
	return o.inner.Update(obj, opts)
}

func (o outer) Patch(kind schema.GroupVersionKind, namespace, name string, patch types.PatchType, data []byte, opts WriteOptions) (*unstructured.Unstructured, error) {
	defer o.server.settle()
	return o.inner.Patch(kind, namespace, name, patch, data, opts)
}

func (o outer) Post(kind schema.GroupVersionKind, namespace, name, subresource string, body map[string]any) error {
	defer o.server.settle()
	return o.inner.Post(kind, namespace, name, subresource, body)
}

func (o outer) Delete(kind schema.GroupVersionKind, namespace, name string, opts metav1.DeleteOptions) error {
	defer o.server.settle()
	return o.inner.Delete(kind, namespace, name, opts)
}
