// Package plain renders directories of YAML and JSON manifests.
//
//	result, err := plain.New(nil).Render(ctx, render.Input{FS: os.DirFS("."), Path: "manifests"})
//
// It reads the files of one directory whose names end in .yaml, .yml or .json, in the order of their names, and with
// [Options].Recurse those of its subdirectories too. Names that start with a dot are left alone. A file may hold any number of documents; documents
// without content are no objects. The items of a list (List, RoleList, ConfigMapList: a kind that ends in List and has
// items) become objects of their own. An object has apiVersion, kind and a name; metadata.generateName stands in for a
// name, and such objects are never duplicates of each other.
//
// Text is read as kubectl reads it, YAML 1.1 booleans included, but a key that is set twice is an error. UTF-8 and UTF-16 with a byte order mark are
// read, and so are Windows line ends.
//
// Left out with a warning are kustomizations, which are instructions and not manifests, files with Argo CD's comment
// "# +argocd:skip-file-rendering", and subdirectories with manifests when Recurse is off.
//
// # Errors
//
// All faults of the tree come joined, each a [*render.Error] with file and line that matches one of [render.ErrSyntax],
// [render.ErrNotManifest], [render.ErrDuplicate] and [render.ErrTooLarge]. A directory without any object is
// [render.ErrNoManifests], one that does not exist is [fs.ErrNotExist].
//
// # Concurrency
//
// A [Renderer] is safe for concurrent use.
package plain
