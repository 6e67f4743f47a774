package apiserver

import (
	"bytes"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// storeUpdate stores a prepared object, removes it when that was what it waited for, or does neither when nothing changed.
func (s *Server) storeUpdate(served *Served, obj, live *unstructured.Unstructured, record store.Record, w Write) (*unstructured.Unstructured, error) {
	obj = settled(served, obj)
	if s.goesWithUpdate(served, obj, live) {
		if w.DryRun {
			return obj, nil
		}
		// What is told of the end is the state that was stored last.
		if _, err := s.store.Delete(record.Key, record.Version, record.Data); err != nil {
			return nil, err
		}
		s.pools.release(live.Object, nil)
		return obj, nil
	}
	data, err := s.encode(served, obj)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	if bytes.Equal(data, record.Data) {
		return s.answer(served, obj, record)
	}
	if w.DryRun {
		obj.SetResourceVersion(live.GetResourceVersion())
		return s.rehearsed(served, obj)
	}
	if data, err = s.fit(served, record.Key, obj, data, true, w); err != nil {
		return nil, err
	}
	stored, err := s.store.Put(record.Key, record.Version, data)
	if err != nil {
		return nil, err
	}
	s.pools.release(live.Object, obj.Object)
	return s.answer(served, obj, stored)
}

// goesWithUpdate reports whether a write took away the last thing that a deletion waited for.
func (s *Server) goesWithUpdate(served *Served, obj, live *unstructured.Unstructured) bool {
	if len(obj.GetFinalizers()) > 0 || live.GetDeletionTimestamp() == nil {
		return false
	}
	if grace := live.GetDeletionGracePeriodSeconds(); grace != nil && *grace != 0 {
		return false
	}
	return s.emptied(served, obj)
}

// emptied reports whether the list that holds an object of this kind is empty.
func (s *Server) emptied(served *Served, obj *unstructured.Unstructured) bool {
	if served.row.Emptied == nil {
		return true
	}
	list, _ := strategy.Get(obj.Object, served.row.Emptied).([]any)
	return len(list) == 0
}
