// Package render turns a file tree into Kubernetes objects.
//
// A [Renderer] is a pure function of its [Input]: it reads the tree and nothing else, neither network, nor environment, nor
// clock, and it starts no process. What a cluster can do is part of the input or absent. Every object comes with its
// [cluster.Origin].
//
// The renderers live in their own packages, each with its own dependencies: render/plain for YAML and JSON files,
// render/kustomize for kustomizations. [Auto] picks one by what the directory holds:
//
//	r := render.Auto{Plain: plain.New(nil), Kustomize: kustomize.New(nil)}
//	result, err := r.Render(ctx, render.Input{FS: os.DirFS("."), Path: "deploy/prod"})
//
// # Errors
//
// A fault in the input is an [*Error] with the file and line. All faults of a tree are reported, joined with errors.Join.
// Nothing is skipped silently: what a renderer passes over on purpose is in [Result].Warnings.
//
// # Concurrency
//
// Renderers are safe for concurrent use. A [Result] belongs to the caller; results that a cache shares are documented as
// such.
//
// # Implementing Renderer
//
// Keep Objects and Origins of equal length, in an order that depends on the input alone, and read through Input.FS only.
package render
