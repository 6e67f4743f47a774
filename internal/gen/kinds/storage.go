package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// shelf is the storage of one resource: objects in memory, by key, which is all that a probe needs of etcd.
type shelf struct {
	objects map[string]runtime.Object
	version uint64
}

var _ storage.Interface = (*shelf)(nil)

// options makes a server's registry keep its objects on shelves of their own.
type options struct{}

func (options) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	return generic.RESTOptions{
		StorageConfig:           &storagebackend.ConfigForResource{GroupResource: resource},
		ResourcePrefix:          "/" + resource.String(),
		EnableGarbageCollection: true,
		Decorator: func(*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error), func() runtime.Object, func() runtime.Object,
			storage.AttrFunc, storage.IndexerFuncs, *cache.Indexers) (storage.Interface, factory.DestroyFunc, error) {
			return &shelf{objects: map[string]runtime.Object{}}, func() {}, nil
		},
	}, nil
}

func (s *shelf) Versioner() storage.Versioner { return storage.APIObjectVersioner{} }

func (s *shelf) put(key string, obj, out runtime.Object) error {
	s.version++
	kept := obj.DeepCopyObject()
	accessor, err := meta.Accessor(kept)
	if err != nil {
		return err
	}
	accessor.SetResourceVersion(strconv.FormatUint(s.version, 10))
	s.objects[key] = kept
	assign(out, kept)
	return nil
}

// assign makes *out what *from is.
func assign(out, from runtime.Object) {
	reflect.ValueOf(out).Elem().Set(reflect.ValueOf(from.DeepCopyObject()).Elem())
}

func (s *shelf) Create(_ context.Context, key string, obj, out runtime.Object, _ uint64) error {
	if s.objects[key] != nil {
		return storage.NewKeyExistsError(key, 0)
	}
	return s.put(key, obj, out)
}

func (s *shelf) Get(_ context.Context, key string, _ storage.GetOptions, out runtime.Object) error {
	obj := s.objects[key]
	if obj == nil {
		return storage.NewKeyNotFoundError(key, 0)
	}
	assign(out, obj)
	return nil
}

func (s *shelf) GuaranteedUpdate(
	_ context.Context, key string, out runtime.Object, _ bool, _ *storage.Preconditions, update storage.UpdateFunc, _ runtime.Object,
) error {
	obj := s.objects[key]
	if obj == nil {
		return storage.NewKeyNotFoundError(key, 0)
	}
	changed, _, err := update(obj.DeepCopyObject(), storage.ResponseMeta{ResourceVersion: s.version})
	if err != nil {
		return err
	}
	return s.put(key, changed, out)
}

var errUnused = errors.New("no probe does this")

func (s *shelf) Delete(
	_ context.Context, key string, _ runtime.Object, _ *storage.Preconditions, _ storage.ValidateObjectFunc, _ runtime.Object, _ storage.DeleteOptions,
) error {
	return fmt.Errorf("delete %s: %w", key, errUnused)
}

func (s *shelf) Watch(_ context.Context, key string, _ storage.ListOptions) (watch.Interface, error) {
	return nil, fmt.Errorf("watch %s: %w", key, errUnused)
}

func (s *shelf) GetList(_ context.Context, key string, _ storage.ListOptions, _ runtime.Object) error {
	return fmt.Errorf("list %s: %w", key, errUnused)
}

func (s *shelf) Stats(context.Context) (storage.Stats, error) { return storage.Stats{}, errUnused }

func (s *shelf) ReadinessCheck() error { return nil }

func (s *shelf) RequestWatchProgress(context.Context) error { return errUnused }

func (s *shelf) GetCurrentResourceVersion(context.Context) (uint64, error) { return s.version, nil }

func (s *shelf) EnableResourceSizeEstimation(storage.KeysFunc) error { return nil }

func (s *shelf) CompactRevision() int64 { return 0 }
