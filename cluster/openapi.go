package cluster

import "context"

// OpenAPI is implemented by a [Client] that can hand out the cluster's OpenAPI v3 documents (KEP-2896). Callers that get
// none fall back to the documents embedded in Setpoint.
type OpenAPI interface {
	// OpenAPI returns the document of one group version as JSON, and the hash under which the server publishes it:
	// equal hashes mean equal documents. An implementation keeps what it has downloaded and asks the server again only
	// after [Kinds] had to look for a kind that was unknown, so that repeated calls are cheap. The error matches
	// [ErrNoKind] when the server publishes no such document.
	OpenAPI(ctx context.Context, group, version string) (doc []byte, hash string, err error)
}
