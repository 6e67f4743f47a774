// Package embedded carries the OpenAPI v3 documents and the discovery documents of a Kubernetes release: the structure of
// every kind without the prose. They are compressed in the binary, a group version is unpacked when it is first asked for,
// and the unpacked bytes are shared.
//
// All group versions of the release are there, those too that an API server does not serve unless told to.
//
// All functions are safe for concurrent use. The data folder is written by internal/gen/documents.
package embedded

//go:generate go -C ../../gen run ./documents -version v1.37.1 -out ../schema/embedded/data
