package source

import "errors"

// Sentinels for what callers branch on, matched with [errors.Is].
var (
	// ErrUnreachable: the source did not answer. It may later.
	ErrUnreachable = errors.New("unreachable")
	// ErrUnstable: the source changed while it was read. It may be at rest later.
	ErrUnstable = errors.New("changed while it was read")
	// ErrUnauthorized: the source does not accept the credentials, or needs some.
	ErrUnauthorized = errors.New("not authorised")
	// ErrUntrusted: the server did not prove to be the expected one, by an unknown or changed host key or by a certificate
	// that nobody vouches for. Nothing was sent to it.
	ErrUntrusted = errors.New("server not trusted")
	// ErrNotRepository: there is no repository at that address, or it is hidden from these credentials.
	ErrNotRepository = errors.New("no repository there")
	// ErrUnknownRevision: the source has no such revision.
	ErrUnknownRevision = errors.New("unknown revision")
	// ErrAmbiguousRevision: the name fits more than one revision, such as a branch and a tag. Use the full name.
	ErrAmbiguousRevision = errors.New("ambiguous revision")
	// ErrCorrupt: content that the revision lists cannot be read.
	ErrCorrupt = errors.New("content missing or damaged")
	// ErrUnsafePath: a link leads out of the tree, or an entry is neither a file, a directory nor a link.
	ErrUnsafePath = errors.New("unsafe path")
	// ErrTooLarge: the content passes a configured bound.
	ErrTooLarge = errors.New("too large")
)

// Error is a source that could not be resolved, fetched or read.
type Error struct {
	// Op is "open", "resolve", "fetch" or "read".
	Op string
	// Source names the source, without credentials.
	Source string
	// Revision is what was asked for, Path the file, where they matter.
	Revision, Path string
	// Err is, or wraps, a sentinel of this package.
	Err error
}

// Error returns "fetch https://example.com/apps.git at main: cause".
func (e *Error) Error() string {
	s := e.Op + " " + e.Source
	if e.Revision != "" {
		s += " at " + e.Revision
	}
	if e.Path != "" {
		s += " file " + e.Path
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }
