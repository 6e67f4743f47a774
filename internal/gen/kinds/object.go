package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	kjson "sigs.k8s.io/json"
)

// object is an object as JSON has it.
type object = map[string]any

// read makes of an object what the server makes of a request's body: its own type, with defaults. A field that the type does
// not have is an error.
func (r resource) read(obj object) (runtime.Object, error) {
	data, err := json.Marshal(obj)
	if err != nil {
		return nil, err
	}
	typed, err := legacyscheme.Scheme.New(r.GroupVersionKind)
	if err != nil {
		return nil, err
	}
	if strict, err := kjson.UnmarshalStrict(data, typed); err != nil || len(strict) > 0 {
		return nil, errors.Join(append(strict, err)...)
	}
	legacyscheme.Scheme.Default(typed)
	return legacyscheme.Scheme.ConvertToVersion(typed, schema.GroupVersion{Group: r.Group, Version: runtime.APIVersionInternal})
}

// write returns an object of the server's own type as clients see it.
func (r resource) write(obj runtime.Object) (object, error) {
	typed, err := legacyscheme.Scheme.ConvertToVersion(obj, r.GroupVersion())
	if err != nil {
		return nil, err
	}
	legacyscheme.Scheme.Default(typed) // As reading it from etcd does.
	data, err := json.Marshal(typed)
	if err != nil {
		return nil, err
	}
	var out object
	return out, utiljson.Unmarshal(data, &out)
}

// context is that of a request about an object.
func (r resource) context(obj runtime.Object, verb, subresource string) (context.Context, string, error) {
	accessor, err := meta.Accessor(obj)
	if err != nil {
		return nil, "", err
	}
	ctx := request.WithNamespace(context.Background(), accessor.GetNamespace())
	ctx = request.WithUser(ctx, &user.DefaultInfo{Name: "prober", Groups: []string{user.SystemPrivilegedGroup}})
	return request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true, Verb: verb, APIGroup: r.Group, APIVersion: r.Version, Resource: r.store().DefaultQualifiedResource.Resource,
		Subresource: subresource, Namespace: accessor.GetNamespace(), Name: accessor.GetName(),
	}), accessor.GetName(), nil
}

// create sends an object to an empty server, and returns what is stored. The error is the server's refusal.
func (r resource) create(obj object) (out object, err error) {
	defer recovered(&err)
	in, err := r.read(obj)
	if err != nil {
		return nil, err
	}
	if r.renew != nil {
		if r, err = r.renew(); err != nil {
			return nil, err
		}
	}
	clear(r.shelf().objects)
	ctx, _, err := r.context(in, "create", "")
	if err != nil {
		return nil, err
	}
	created, err := r.main.(rest.Creater).Create(ctx, in, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return r.write(created)
}

func (r resource) shelf() *shelf { return r.store().Storage.Storage.(*shelf) }

// place makes the server hold exactly this object.
func (r resource) place(obj object) error {
	in, err := r.read(obj)
	if err != nil {
		return err
	}
	ctx, name, err := r.context(in, "update", "")
	if err != nil {
		return err
	}
	key, err := r.store().KeyFunc(ctx, name)
	if err != nil {
		return err
	}
	clear(r.shelf().objects)
	return r.shelf().put(key, in, in.DeepCopyObject())
}

// update sends an object in the place of a stored one, through the main endpoint or that of the status. The error is the
// server's refusal.
func (r resource) update(stored, obj object, status bool) (out object, err error) {
	defer recovered(&err)
	if r.renew != nil {
		renewed, err := r.renew()
		if err != nil {
			return nil, err
		}
		r = renewed
	}
	if err := r.place(stored); err != nil {
		return nil, fmt.Errorf("place: %w", err)
	}
	in, err := r.read(obj)
	if err != nil {
		return nil, err
	}
	accessor, err := meta.Accessor(in)
	if err != nil {
		return nil, err
	}
	accessor.SetResourceVersion(fmt.Sprint(r.shelf().version))
	to, subresource := r.main.(rest.Updater), ""
	if status {
		to, subresource = r.status, "status"
	}
	ctx, name, err := r.context(in, "update", subresource)
	if err != nil {
		return nil, err
	}
	updated, _, err := to.Update(ctx, name, rest.DefaultUpdatedObjectInfo(in), rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc,
		false, &metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	return r.write(updated)
}

// recovered makes an error of a panic: some of the server's validation takes it that what it reads was checked before.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v", p)
	}
}
