// Package dir makes a directory a source: each Fetch reads it into memory, so that the snapshot does not change when the
// directory does.
//
//	snapshot, err := dir.New("deploy", nil).Fetch(ctx, source.Revision{})
//
// The revision's Digest is a SHA-256 over names, content, link targets and executable bits; times and owners do not count.
// Entries named .git are left out. A link is kept as a link and resolves inside the directory; one that leads elsewhere
// fails with [source.ErrUnsafePath] when it is read, as do device files, sockets and pipes when the directory is.
// FileInfo.Sys answers a value with a method Digest() string, which callers may use as a cache key.
//
// A directory has no revisions, so a Fetch at a Digest succeeds only while that is what it holds. A file system has no
// consistent read either: after reading, Fetch looks whether sizes, times and modes still are what they were, starts
// again when they are not, and gives up with [source.ErrUnstable].
//
// # Errors
//
// A [*source.Error] wraps [source.ErrNotRepository] (no directory there), [source.ErrUnauthorized] (permission),
// [source.ErrTooLarge] (a bound of [Options]), [source.ErrUnsafePath], [source.ErrUnstable] or [source.ErrUnknownRevision].
//
// # Concurrency
//
// A Directory and its snapshots are safe for concurrent use. Snapshots hold memory until they are garbage.
package dir
