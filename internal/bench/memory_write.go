package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// spread is how many objects take turns in being written.
const spread = 20

var (
	configMaps  = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	deployments = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
)

func applyConfigMaps(ctx context.Context, _ *lab, on side) (float64, error) {
	return applying(ctx, on, configMaps, configMap)
}

func applyDeployments(ctx context.Context, _ *lab, on side) (float64, error) {
	return applying(ctx, on, deployments, deployment)
}

// applying returns how many server-side applies a second one client gets done.
func applying(ctx context.Context, on side, gvr schema.GroupVersionResource, object func(name, value string) *unstructured.Unstructured) (float64, error) {
	client, err := dynamic.NewForConfig(on.config)
	if err != nil {
		return 0, err
	}
	c := client.Resource(gvr).Namespace(on.namespace)
	return rate(on, func(name, value string) error {
		_, err := c.Apply(ctx, name, object(name, value), metav1.ApplyOptions{FieldManager: "bench"})
		return err
	})
}

func updateConfigMaps(ctx context.Context, _ *lab, on side) (float64, error) {
	client, err := kubernetes.NewForConfig(protobuf(on.config))
	if err != nil {
		return 0, err
	}
	c := client.CoreV1().ConfigMaps(on.namespace)
	return rate(on, func(name, value string) error {
		obj, err := typedConfigMap(name, value)
		if err != nil {
			return err
		}
		return upsert(ctx, c, obj, value)
	})
}

func updateDeployments(ctx context.Context, _ *lab, on side) (float64, error) {
	client, err := kubernetes.NewForConfig(protobuf(on.config))
	if err != nil {
		return 0, err
	}
	c := client.AppsV1().Deployments(on.namespace)
	return rate(on, func(name, value string) error {
		obj, err := typedDeployment(name, value)
		if err != nil {
			return err
		}
		return upsert(ctx, c, obj, value)
	})
}

// upsert creates the first of the values of an object and updates it to the others.
func upsert[T any](ctx context.Context, c interface {
	Create(context.Context, T, metav1.CreateOptions) (T, error)
	Update(context.Context, T, metav1.UpdateOptions) (T, error)
}, obj T, value string) error {
	if value == first {
		_, err := c.Create(ctx, obj, metav1.CreateOptions{})
		return err
	}
	_, err := c.Update(ctx, obj, metav1.UpdateOptions{})
	return err
}

// first is the value that objects are created with.
const first = "0"

// rate creates the objects, untimed, and returns how many of the writes that follow are done in a second.
func rate(on side, write func(name, value string) error) (float64, error) {
	name := func(i int) string { return fmt.Sprintf("object-%d", i%spread) }
	for i := range spread {
		if err := write(name(i), first); err != nil {
			return 0, err
		}
	}
	start, err := on.clock()
	if err != nil {
		return 0, err
	}
	for i := range on.writes {
		if err := write(name(i), strconv.Itoa(i+1)); err != nil {
			return 0, err
		}
	}
	end, err := on.clock()
	if err != nil {
		return 0, err
	}
	return float64(on.writes) / max(end-start, time.Microsecond).Seconds(), nil
}
