package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// fill creates the ConfigMaps that are listed and watched.
func (l *lab) fill(ctx context.Context, on side) (dynamic.ResourceInterface, error) {
	client, err := dynamic.NewForConfig(on.config)
	if err != nil {
		return nil, err
	}
	c := client.Resource(configMaps).Namespace(on.namespace)
	return c, parallel(ctx, l.listed, func(ctx context.Context, i int) error {
		name := fmt.Sprintf("object-%d", i)
		_, err := c.Apply(ctx, name, configMap(name, first), metav1.ApplyOptions{FieldManager: "bench"})
		return err
	})
}

func listDynamic(ctx context.Context, l *lab, on side) (float64, error) {
	c, err := l.fill(ctx, on)
	if err != nil {
		return 0, err
	}
	return l.listing(func() (int, error) {
		list, err := c.List(ctx, metav1.ListOptions{})
		if err != nil {
			return 0, err
		}
		return len(list.Items), nil
	})
}

func listTyped(ctx context.Context, l *lab, on side) (float64, error) {
	if _, err := l.fill(ctx, on); err != nil {
		return 0, err
	}
	client, err := kubernetes.NewForConfig(protobuf(on.config))
	if err != nil {
		return 0, err
	}
	return l.listing(func() (int, error) {
		list, err := client.CoreV1().ConfigMaps(on.namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return 0, err
		}
		return len(list.Items), nil
	})
}

// listing returns the milliseconds that a list takes.
func (l *lab) listing(list func() (int, error)) (float64, error) {
	start := time.Now()
	n, err := list()
	took := since(start)
	if err == nil && n < l.listed {
		err = fmt.Errorf("listed %d objects of %d", n, l.listed)
	}
	return took, err
}

// watchInitial returns the milliseconds until a new watch has told of every object.
func watchInitial(ctx context.Context, l *lab, on side) (float64, error) {
	c, err := l.fill(ctx, on)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	w, err := c.Watch(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return 0, err
	}
	defer w.Stop()
	for range l.listed {
		if _, err := next(ctx, w); err != nil {
			return 0, err
		}
	}
	return since(start), nil
}

// watchLatency returns the median of the milliseconds from the beginning of a write until a watch has told of it.
func watchLatency(ctx context.Context, l *lab, on side) (float64, error) {
	client, err := dynamic.NewForConfig(on.config)
	if err != nil {
		return 0, err
	}
	c := client.Resource(configMaps).Namespace(on.namespace)
	created, err := c.Apply(ctx, "object", configMap("object", first), metav1.ApplyOptions{FieldManager: "bench"})
	if err != nil {
		return 0, err
	}
	w, err := c.Watch(ctx, metav1.ListOptions{ResourceVersion: created.GetResourceVersion()})
	if err != nil {
		return 0, err
	}
	defer w.Stop()
	var took []float64
	for i := range l.events {
		start := time.Now()
		if _, err := c.Apply(ctx, "object", configMap("object", strconv.Itoa(i+1)), metav1.ApplyOptions{FieldManager: "bench"}); err != nil {
			return 0, err
		}
		if _, err := next(ctx, w); err != nil {
			return 0, err
		}
		took = append(took, since(start))
	}
	return median(took), nil
}

// next waits for an event.
func next(ctx context.Context, w watch.Interface) (watch.Event, error) {
	select {
	case e, ok := <-w.ResultChan():
		if !ok {
			return e, errors.New("the watch ended")
		}
		if e.Type == watch.Error {
			return e, fmt.Errorf("the watch failed: %v", e.Object)
		}
		return e, nil
	case <-ctx.Done():
		return watch.Event{}, context.Cause(ctx)
	}
}
