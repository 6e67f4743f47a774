// Package git makes a Git repository a source, and serves its files straight from Git's objects: there is no work tree, and
// a file is read when it is opened.
//
//	repo, err := git.Open("https://example.com/apps.git", &git.Options{Credentials: git.Fixed(git.Credentials{Token: token})})
//	if err != nil {
//		return err
//	}
//	snapshot, err := repo.At("main").Fetch(ctx, source.Revision{})
//
// A fetch takes one commit without its history and leaves out what is here already, so that the next revision costs what
// changed in it. Everything a [Repository] has fetched is shared by all its sources, in memory or in [Options].CacheDir. No
// git program is run, no hook, filter or configuration of a repository is obeyed, and nothing is written to a local one.
//
// # What a snapshot shows
//
// Links resolve inside the tree; one that leads out of it fails with [source.ErrUnsafePath]. A submodule is a directory that
// fails with [ErrSubmodule] when it is entered. The executable bit is in the mode, the time of the commit is the time of
// every file. FileInfo.Sys returns an [Object], whose Digest is a key for caches. A file kept in Git LFS shows its pointer.
//
// # Transports
//
// https and http speak the smart protocol and use the proxy that the environment names. Credentials go to the URL's own
// scheme, host and port, whatever the server redirects to. ssh does not read ~/.ssh/config; host keys must be known. The git
// protocol is not encrypted and authenticates nobody. A context that ends is the only limit of time. Repositories must use
// SHA-1 and, when local, keep refs in files.
//
// All transports speak version 0 of the protocol, in which a server lists every ref before anything else: a question for one
// branch costs a connection and about 80 bytes for each ref that the server shows.
//
// # Errors
//
// A [*source.Error] names the repository without user, password or query, and wraps one of: [source.ErrUnreachable],
// [source.ErrUnauthorized], [source.ErrUntrusted], [source.ErrNotRepository], [source.ErrUnknownRevision] (with names that
// look alike), [source.ErrAmbiguousRevision], [source.ErrCorrupt], [source.ErrUnstable] or [source.ErrTooLarge], or the cause for which ctx ended.
// An object that the repository lacks or that is damaged is ErrCorrupt and never [io/fs.ErrNotExist]; fetched trees are
// looked through as a whole before the snapshot is returned.
//
// # Concurrency
//
// Everything is safe for concurrent use. Packs are fetched one at a time for each Repository; reading goes on meanwhile.
package git
