package render

import (
	"context"
	"io/fs"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Renderer produces objects from a file tree.
type Renderer interface {
	// Render reads in.FS at in.Path and returns its objects. It returns ctx's cause when ctx ends first.
	Render(ctx context.Context, in Input) (*Result, error)
}

// RendererFunc adapts a function to [Renderer].
type RendererFunc func(ctx context.Context, in Input) (*Result, error)

// Render calls f.
func (f RendererFunc) Render(ctx context.Context, in Input) (*Result, error) { return f(ctx, in) }

// Input is everything that a rendering depends on.
type Input struct {
	// FS is the source tree, such as a snapshot's.
	FS fs.FS
	// Path is the directory inside FS, slash-separated; empty means its root.
	Path string
	// KubeVersion is the cluster's version, such as "1.37.1"; empty when there is no cluster to render for.
	KubeVersion string
	// APIs are the cluster's API versions ("apps/v1") and kinds ("apps/v1/Deployment").
	APIs []string
}

// Result is what a rendering produced.
type Result struct {
	// Objects are in the order that the tree gives them.
	Objects []*unstructured.Unstructured
	// Origins tells for each of Objects, by index, where it came from.
	Origins []cluster.Origin
	// Warnings are what a person should know though it is no fault.
	Warnings []Warning
}

// Warning is something odd in the tree that does not stop the rendering.
type Warning struct {
	Origin  cluster.Origin
	Message string
}

// String returns "web.yaml:12: message".
func (w Warning) String() string {
	if place := w.Origin.String(); place != "" {
		return place + ": " + w.Message
	}
	return w.Message
}
