// Package kustomize renders kustomizations, with the library that is behind the kustomize command and from any fs.FS.
//
//	result, err := kustomize.New(nil).Render(ctx, render.Input{FS: os.DirFS("."), Path: "overlays/prod"})
//
// The objects and their order are those of "kustomize build". Each has the place that it came from: file and line of the manifest, or of
// the generator's entry in its kustomization, and as Via the kustomization that was rendered.
//
// # Nothing remote
//
// kustomize fetches URLs and runs git for remote resources before it asks its file system, and has no option against that. Every path that a
// kustomization names is therefore looked at first, through all bases, components, and configurations of generators and
// transformers, with the types that kustomize itself decodes. A remote one is [render.ErrRemote]. So that no configuration escapes that look, a directory that
// is listed under generators, transformers or validators may hold resources only. Helm charts, and generators and transformers that
// are not built in, would execute programs and are [render.ErrUnsupported].
//
// # Errors
//
// Faults are [*render.Error]s with file and line where kustomize's message can be traced to one, all that could be found joined: a missing
// file, a path out of the tree ([fs.ErrNotExist] and others), YAML that is not well-formed or
// that sets a key twice ([render.ErrSyntax]), objects without kind or name ([render.ErrNotManifest]), a bound of [Options] that the tree passes ([render.ErrTooLarge]). A directory without a
// kustomization is [render.ErrNoManifests], and so is one that yields nothing. Values of Secrets that a message of kustomize would quote are masked.
//
// # Concurrency
//
// A [Renderer] is safe for concurrent use. kustomize keeps its OpenAPI schema in a variable of the process: kustomizations with
// openapi or crds are rendered alone, while all others wait, and leave the schema as it was. A program that runs kustomize by other ways at the same time is not
// covered by that. A rendering cannot be stopped inside kustomize, only when it reads the next file.
//
// kustomize itself prints to the standard error stream when a kustomization uses deprecated fields; they are among the
// result's warnings too.
package kustomize
