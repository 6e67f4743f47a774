package schema

import (
	"crypto/sha256"
	"runtime"
	"sync"
	"weak"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// document is what one OpenAPI document says of its kinds.
type document struct {
	once  sync.Once
	kinds map[schema.GroupVersionKind]*Kind
	err   error
}

// shared are the documents in use, by their content: clusters of one release publish the same, and each takes megabytes. One that
// no set holds any longer goes.
var shared = struct {
	sync.Mutex
	byDigest map[[sha256.Size]byte]weak.Pointer[document]
}{byDigest: map[[sha256.Size]byte]weak.Pointer[document]{}}

// parseShared parses a document, at once for all who ask for the same.
func parseShared(doc []byte) (*document, error) {
	digest := sha256.Sum256(doc)
	d := sharedDocument(digest)
	d.once.Do(func() { d.kinds, d.err = parse(doc) })
	if d.err != nil {
		return nil, d.err
	}
	return d, nil
}

func sharedDocument(digest [sha256.Size]byte) *document {
	shared.Lock()
	defer shared.Unlock()
	if d := shared.byDigest[digest].Value(); d != nil {
		return d
	}
	d := &document{}
	shared.byDigest[digest] = weak.Make(d)
	runtime.AddCleanup(d, forget, digest)
	return d
}

// forget drops a document that has gone, unless another one of the same content has come since.
func forget(digest [sha256.Size]byte) {
	shared.Lock()
	defer shared.Unlock()
	if shared.byDigest[digest].Value() == nil {
		delete(shared.byDigest, digest)
	}
}
