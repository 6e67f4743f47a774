package embedded

import (
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// Version is the release that the documents are from.
const Version = "v1.37.1"

//go:embed data/*.gz
var data embed.FS

const (
	openAPISuffix   = ".openapi.json.gz"
	resourcesSuffix = ".resources.json.gz"
)

// entry is one group version; its parts are unpacked once.
type entry struct {
	openAPI   func() []byte
	resources func() []metav1.APIResource
}

var index = sync.OnceValue(func() map[schema.GroupVersion]entry {
	files, err := data.ReadDir("data")
	if err != nil {
		panic("embedded: " + err.Error()) // The compiler put the folder there.
	}
	out := make(map[schema.GroupVersion]entry, len(files)/2)
	for _, f := range files {
		stem, ok := strings.CutSuffix(f.Name(), openAPISuffix)
		if !ok {
			continue
		}
		group, v, _ := strings.Cut(stem, "_")
		if group == "core" {
			group = ""
		}
		out[schema.GroupVersion{Group: group, Version: v}] = entry{
			openAPI: sync.OnceValue(func() []byte { return unpack(stem + openAPISuffix) }),
			resources: sync.OnceValue(func() []metav1.APIResource {
				var list metav1.APIResourceList
				if err := json.Unmarshal(unpack(stem+resourcesSuffix), &list); err != nil {
					panic(fmt.Sprintf("embedded: %s: %v", stem, err))
				}
				return list.APIResources
			}),
		}
	}
	return out
})

// GroupVersions returns every group version there is, ordered by group, within a group the version that servers prefer
// first.
func GroupVersions() []schema.GroupVersion {
	out := make([]schema.GroupVersion, 0, len(index()))
	for gv := range index() {
		out = append(out, gv)
	}
	slices.SortFunc(out, func(a, b schema.GroupVersion) int {
		if c := strings.Compare(a.Group, b.Group); c != 0 {
			return c
		}
		return -version.CompareKubeAwareVersionStrings(a.Version, b.Version)
	})
	return out
}

// OpenAPI returns the document of one group version as JSON. The bytes are shared; do not change them.
func OpenAPI(gv schema.GroupVersion) ([]byte, bool) {
	e, ok := index()[gv]
	if !ok {
		return nil, false
	}
	return e.openAPI(), true
}

// Resources returns what discovery says of one group version: its resources and their sub-resources ("deployments/scale"),
// with short names, categories, verbs and scope. The slice is the caller's; what its elements point to is shared.
func Resources(gv schema.GroupVersion) ([]metav1.APIResource, bool) {
	e, ok := index()[gv]
	if !ok {
		return nil, false
	}
	return slices.Clone(e.resources()), true
}

// unpack returns the content of a file that the compiler put there and the tests have read; a fault is a broken build.
func unpack(name string) []byte {
	f, err := data.Open("data/" + name)
	if err != nil {
		panic("embedded: " + err.Error())
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		panic("embedded: " + name + ": " + err.Error())
	}
	out, err := io.ReadAll(z)
	if err != nil {
		panic("embedded: " + name + ": " + err.Error())
	}
	return out
}
