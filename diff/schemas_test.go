package diff_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// documents is a cluster that publishes one document.
type documents struct {
	group, version, doc string
	err                 error
}

func (d documents) OpenAPI(_ context.Context, group, version string) ([]byte, string, error) {
	if group != d.group || version != d.version {
		return nil, "", cluster.ErrNoKind
	}
	return []byte(d.doc), "1", d.err
}

const gadgets = `{"openapi":"3.0.0","components":{"schemas":{"com.example.v1.Gadget":{"type":"object","properties":{
"apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"type":"object","properties":{"name":{"type":"string"}}},
"spec":{"type":"object","properties":{"size":{"type":"integer","default":3}}}},
"x-kubernetes-group-version-kind":[{"group":"example.com","version":"v1","kind":"Gadget"}]}}}}`

const gadgetDefinition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Gadget, plural: gadgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, default: 3}, color: {type: string}}}
`

var gadgetVersion = apischema.GroupVersion{Group: "example.com", Version: "v1"}

// A definition that is about to be applied knows fields that the cluster does not know yet.
func TestDefinitionAheadOfTheCluster(t *testing.T) {
	const colored = "{apiVersion: example.com/v1, kind: Gadget, metadata: {name: g}, spec: {color: red}}"
	schemas := diff.NewSchemas(documents{group: "example.com", version: "v1", doc: gadgets})
	require.NoError(t, schemas.Load(t.Context(), gadgetVersion, apischema.GroupVersion{Group: "other.example.com", Version: "v1"}))
	c := diff.New(us, schemas, nil)
	_, err := c.Prepare(object(t, colored))
	require.ErrorContains(t, err, ".spec.color: field not declared in schema")

	require.NoError(t, schemas.AddCRD(object(t, gadgetDefinition)))
	d, err := c.Prepare(object(t, colored))
	require.NoError(t, err)
	out, err := c.Compare(d, object(t, "{apiVersion: example.com/v1, kind: Gadget, metadata: {name: g}, spec: {size: 3}}"))
	require.NoError(t, err)
	assert.Equal(t, diff.Differs, out.Verdict)
	assert.Equal(t, []brief{{".spec.color", diff.Add, nil, "red", diff.FromDesired}}, briefs(out))
	require.Len(t, out.Unsure, 1)
	assert.Contains(t, out.Unsure[0].Message, "the cluster's schema does not fit the object")
}

// publisher is a cluster that publishes the documents of Kubernetes, and counts who asks for which. More are those of its
// definitions.
type publisher struct {
	mu    sync.Mutex
	asked map[apischema.GroupVersion]int
	more  map[apischema.GroupVersion]string
}

func (p *publisher) OpenAPI(_ context.Context, group, version string) ([]byte, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	gv := apischema.GroupVersion{Group: group, Version: version}
	if p.asked == nil {
		p.asked = map[apischema.GroupVersion]int{}
	}
	p.asked[gv]++
	if doc, ok := p.more[gv]; ok {
		return []byte(doc), doc, nil
	}
	doc, ok := embedded.OpenAPI(gv)
	if !ok {
		return nil, "", cluster.ErrNoKind
	}
	return doc, "of the release", nil
}

// Many goroutines may load the schemas of a cluster, and prepare and compare with them meanwhile. Groups that nobody asks for are
// not fetched.
func TestManyGoroutinesLoadAColdCluster(t *testing.T) {
	source := &publisher{}
	schemas := diff.NewSchemas(source)
	c := diff.New(us, schemas, nil)
	live := newStore(t, web).apply(us, web).live()
	gv := live.GroupVersionKind().GroupVersion()
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			if !assert.NoError(t, schemas.Load(t.Context(), gv, gv)) {
				return
			}
			d, err := c.Prepare(object(t, web))
			if !assert.NoError(t, err) {
				return
			}
			out, err := c.Compare(d, live)
			if assert.NoError(t, err) {
				assert.Equal(t, diff.Same, out.Verdict)
			}
			changed, err := c.Prepare(object(t, strings.Replace(web, "nginx:1.27", "nginx:1.28", 1)))
			if assert.NoError(t, err) {
				out, err = c.Compare(changed, live)
				assert.NoError(t, err)
				assert.Len(t, out.Changes, 1)
			}
		})
	}
	group.Wait()
	assert.Equal(t, map[apischema.GroupVersion]int{gv: 32}, source.asked, "once a call, and nothing else")
}

// A definition that changed in the cluster is in use after the next load, and one that is gone is not.
func TestLoadFollowsTheCluster(t *testing.T) {
	const colored = "{apiVersion: example.com/v1, kind: Gadget, metadata: {name: g}, spec: {color: red}}"
	source := &publisher{more: map[apischema.GroupVersion]string{gadgetVersion: gadgets}}
	schemas := diff.NewSchemas(source)
	c := diff.New(us, schemas, nil)
	verdict := func() string {
		require.NoError(t, schemas.Load(t.Context(), gadgetVersion))
		d, err := c.Prepare(object(t, colored))
		if err != nil {
			return err.Error()
		}
		out, err := c.Compare(d, object(t, colored))
		require.NoError(t, err)
		return string(out.Verdict)
	}
	assert.Contains(t, verdict(), ".spec.color: field not declared in schema")
	source.more[gadgetVersion] = strings.Replace(gadgets, `"properties":{"size"`, `"properties":{"color":{"type":"string"},"size"`, 1)
	assert.Equal(t, string(diff.Adopt), verdict())
	delete(source.more, gadgetVersion)
	assert.Equal(t, string(diff.Unsure), verdict())
}

func TestLoadNamesWhatFailed(t *testing.T) {
	schemas := diff.NewSchemas(documents{group: "example.com", version: "v1", err: errors.New("connection refused")})
	require.EqualError(t, schemas.Load(t.Context(), gadgetVersion), "load the schema of example.com/v1: connection refused")
	require.ErrorContains(t, diff.NewSchemas(documents{group: "example.com", version: "v1", doc: "<html>"}).Load(t.Context(), gadgetVersion),
		"load the schema of example.com/v1: read the OpenAPI document")
}

// A server of another release may lack a default. It is no change then, unless the desired object states the value.
func TestServerOfAnotherRelease(t *testing.T) {
	live := newStore(t, web).apply(us, web).live()
	unstructured.RemoveNestedField(live.Object, "spec", "progressDeadlineSeconds")
	assert.Equal(t, diff.Same, compare(t, web, live).Verdict)
	changed := strings.Replace(web, "nginx:1.27", "nginx:1.28", 1)
	assert.Len(t, compare(t, changed, live).Changes, 1)

	stated := strings.Replace(web, "replicas: 3", "replicas: 3\n  progressDeadlineSeconds: 600", 1)
	out := compare(t, stated, live)
	assert.Equal(t, diff.Differs, out.Verdict)
	assert.Equal(t, []brief{{".spec.progressDeadlineSeconds", diff.Add, nil, int64(600), diff.FromDesired}}, briefs(out))
}

func ExampleSchemas_Load() {
	source := documents{group: "example.com", version: "v1", doc: gadgets} // as a client of the cluster is one
	schemas := diff.NewSchemas(source)
	if err := schemas.Load(context.Background(), gadgetVersion); err != nil {
		log.Fatal(err)
	}
	c := diff.New("setpoint", schemas, nil)
	d, err := c.Prepare(parse("{apiVersion: example.com/v1, kind: Gadget, metadata: {name: g}}"))
	if err != nil {
		log.Fatal(err)
	}
	out, err := c.Compare(d, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.Verdict, len(out.Unsure))
	// Output:
	// Missing 0
}

func ExampleComparer_Prepare() {
	c := diff.New("setpoint", nil, nil)
	d, err := c.Prepare(parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop, creationTimestamp: null}}"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Ref(), d.Hash()[:15])
	fmt.Println(d.Object().Object["metadata"])
	// Output:
	// ConfigMap shop/settings sha256:de6cae14
	// map[name:settings namespace:shop]
}
