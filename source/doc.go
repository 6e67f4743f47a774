// Package source is where the desired state comes from: a [Fetcher] yields a [Snapshot], an immutable file tree that
// belongs to exactly one [Revision].
//
// The tree is an [io/fs.FS], so that a snapshot of any source can be handed to any renderer, and a directory or a map in
// memory is a source as well:
//
//	snapshot, err := dir.New("deploy", nil).Fetch(ctx, source.Revision{})
//	if err != nil {
//		return err
//	}
//	defer snapshot.Close()
//	result, err := renderer.Render(ctx, render.Input{FS: snapshot.FS, Path: "prod"})
//
// [Poll] yields the snapshots of a source that changes; a [Trigger] makes it look at once. Package dir reads directories, and
// package git reads Git repositories.
//
// # Errors
//
// A fetch that fails returns an [*Error] that names the source and the revision; errors.Is tells [ErrUnreachable],
// [ErrUnauthorized], [ErrUntrusted], [ErrUnknownRevision], [ErrAmbiguousRevision] and the others apart. No error, log line or String result holds a
// credential. A tree whose content cannot be read fails with an error that is never [io/fs.ErrNotExist]: an absence that is
// not true would render to nothing, and what renders to nothing may be pruned.
//
// # Concurrency
//
// Fetchers are safe for concurrent use, and so is a snapshot's FS until Close.
//
// # Implementing Fetcher
//
// Return one tree for one revision, and the same tree for the same Digest for ever. Where finding the newest revision is
// cheaper than fetching it, implement [Resolver] too.
package source
