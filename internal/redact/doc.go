// Package redact masks the contents of Secrets in text that leaves the program: plans, differences, errors of a server,
// events. A [Mask] knows the values of some Secrets and replaces each occurrence of one, in any of the forms that an API
// server or an encoder may give it, by [Marker].
//
// Values shorter than eight bytes are not masked: they occur by chance, and masking them would tell where.
//
// A Mask is safe for concurrent use.
package redact
