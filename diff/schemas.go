package diff

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Schemas knows what the objects of each kind look like. Share one between the comparers of a cluster. It is safe for
// concurrent use. Those of several clusters that publish the same document share what it says.
type Schemas struct{ set *schema.Set }

// NewSchemas returns the embedded schemas of Kubernetes' own kinds, and a place to put those of a cluster and of custom
// resource definitions on top. The source may be nil.
func NewSchemas(source cluster.OpenAPI) *Schemas { return &Schemas{set: schema.New(source)} }

// Load fetches the schemas of these group versions from the source, unless it has them at the hash that the source states.
// Call it with the group versions of the desired objects before preparing them, and again after a definition has changed.
// Without a source it does nothing. A group version that the source does not know is no error: its kinds come from
// [Schemas.AddCRD], or compare as [Unsure]. Other faults are joined, each naming its group version; the schemas that could be
// had are in use.
func (s *Schemas) Load(ctx context.Context, versions ...apischema.GroupVersion) error {
	return s.set.Load(ctx, versions...)
}

// AddCRD adds the kinds that a CustomResourceDefinition defines, with every served version. A schema that was loaded from
// the cluster goes before it, unless it does not fit the object and the definition's does: then the definition is about to
// change. Objects of other kinds are ignored, so that one may hand in everything that was rendered. The error names the
// definition when its schema cannot be used.
func (s *Schemas) AddCRD(obj *unstructured.Unstructured) error { return s.set.AddDefinition(obj) }
