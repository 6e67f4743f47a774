// Package wire asks servers for refs and packs, over https, http, ssh and the git protocol.
//
// The messages are encoded and decoded by go-git (protocol/packp, format/pktline, sideband). Its transports are not used. The
// one for ssh dials and shakes hands under a context of its own, so that a server that goes silent there cannot be left, and
// takes host names from ~/.ssh/config. The one for http reads refs and error pages of any length, drops the thin packs
// that incremental fetches need from what a server offers, and repeats URLs, server texts and so secrets in its errors. What
// is left to borrow from them is shorter than the wrapping that would undo this.
//
// # Errors
//
// All wrap a sentinel of package source, or are the cause for which the context ended. None holds a secret of the [Login],
// a URL's user or its query.
package wire
