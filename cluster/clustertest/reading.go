package clustertest

import (
	"fmt"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
)

// configMaps selects the ConfigMaps of the rule's namespace that the check made: controllers put others there.
func (s *scene) configMaps(more string) cluster.Selector {
	sel := cluster.Selector{Kind: "ConfigMap", Namespace: s.namespace(), Labels: "mine"}
	if more != "" {
		sel.Labels += "," + more
	}
	return sel
}

// labelled creates a ConfigMap with labels besides "mine".
func (s *scene) labelled(name, labels string) {
	s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, labels: {mine: '', %s}}, data: {a: '1'}}", name, labels)
}

// sorted lists names in the order of the alphabet: servers promise none.
func (s *scene) sorted(sel cluster.Selector) []string {
	return slices.Sorted(slices.Values(s.names(sel)))
}

var reading = []Rule{
	{"get/returns-what-was-created", "A read that follows a write sees it (Kubernetes API Concepts, Resource versions: most recent).", func(s *scene) {
		made := s.config("a", "x: '1'")
		got := s.get(made)
		s.Equal(made.Object, got.Object)
		s.Equal("v1", got.GetAPIVersion())
		s.Equal("ConfigMap", got.GetKind())
		s.Equal("1", at(got, "data.x"))
	}},
	{"get/absent", "An object that is not there is ErrNotFound, which names the verb and the object and carries 404 (cluster.Error).", func(s *scene) {
		ref := cluster.Ref{Kind: "ConfigMap", Namespace: s.namespace(), Name: "nonesuch"}
		_, err := s.client.Get(s.ctx, ref, cluster.GetOptions{})
		s.ErrorIs(err, cluster.ErrNotFound)
		var e *cluster.Error
		s.ErrorAs(err, &e)
		s.Equal("get", e.Op)
		s.Equal(ref, e.Ref)
		s.Equal(404, e.Code)
	}},
	{"get/at-least", "With resourceVersion=X a get is not older than X (Kubernetes API Concepts, Semantics for get and list).", func(s *scene) {
		obj := s.merge(s.config("a", "x: '1'"), `{"data":{"x":"2"}}`)
		got, err := s.client.Get(s.ctx, cluster.RefOf(obj), cluster.GetOptions{AtLeast: obj.GetResourceVersion()})
		s.NoError(err)
		s.Equal("2", at(got, "data.x"))
	}},
	{"get/namespaces-keep-names-apart", "A name is unique in its namespace, not in the cluster (Kubernetes docs, Object Names and IDs).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		other := obj.DeepCopy()
		other.SetNamespace(s.freshNamespace())
		s.absent(other)
	}},
	{"list/empty", "A selection without objects is an empty list and no error (Kubernetes API Concepts, Collections).", func(s *scene) {
		s.Empty(s.names(s.configMaps("")))
	}},
	{"list/equality", "Label requirements by =, ==, != and commas, which mean and (Kubernetes docs, Labels and Selectors).", func(s *scene) {
		s.labelled("a", "tier: web, zone: x")
		s.labelled("b", "tier: web, zone: j")
		s.labelled("c", "tier: db")
		s.Equal([]string{"a", "b"}, s.sorted(s.configMaps("tier=web")))
		s.Equal([]string{"a"}, s.sorted(s.configMaps("tier==web,zone=x")))
		s.Equal([]string{"b", "c"}, s.sorted(s.configMaps("zone!=x")), "an object without the label differs from the value")
	}},
	{"list/sets", "Label requirements by in, notin, key and !key (Kubernetes docs, Labels and Selectors, set-based requirement).", func(s *scene) {
		s.labelled("a", "tier: web")
		s.labelled("b", "tier: db")
		s.labelled("c", "zone: x")
		s.Equal([]string{"a", "b"}, s.sorted(s.configMaps("tier in (web,db)")))
		s.Equal([]string{"b", "c"}, s.sorted(s.configMaps("tier notin (web)")))
		s.Equal([]string{"a", "b"}, s.sorted(s.configMaps("tier")))
		s.Equal([]string{"c"}, s.sorted(s.configMaps("!tier")))
	}},
	{"list/by-name", "Every kind can be selected by metadata.name (Kubernetes docs, Field Selectors, supported fields).", func(s *scene) {
		s.labelled("a", "x: ''")
		s.labelled("b", "x: ''")
		sel := s.configMaps("")
		sel.Fields = "metadata.name=b"
		s.Equal([]string{"b"}, s.names(sel))
		sel.Fields = "metadata.name!=b"
		s.Equal([]string{"a"}, s.names(sel))
	}},
	{"list/unknown-field", "A field that the kind is not indexed by is refused, not ignored (Kubernetes docs, Field Selectors, supported fields).", func(s *scene) {
		s.labelled("a", "x: ''")
		sel := s.configMaps("")
		sel.Fields = "data.a=1"
		s.Error(s.tryList(sel))
	}},
	{"list/malformed-selector", "A selector that cannot be read is refused (Kubernetes API Concepts, Collections).", func(s *scene) {
		s.Error(s.tryList(s.configMaps("tier in (web")))
	}},
	{"list/one-namespace-or-all", "A list is of one namespace or, without one, of all (Kubernetes API Concepts, Resource URIs).", func(s *scene) {
		mark := unique("mark")
		s.labelled("a", mark+": ''")
		s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: %s, labels: {mine: '', %s: ''}}}", s.freshNamespace(), mark)
		sel := s.configMaps(mark)
		s.Equal([]string{"a"}, s.names(sel))
		sel.Namespace = ""
		s.Equal([]string{"a", "b"}, s.sorted(sel))
	}},
	{"list/every-object-once", "However many requests a list takes, each object comes once (KEP-365, Paginated lists).", func(s *scene) {
		var want []string
		for i := range 40 {
			want = append(want, fmt.Sprintf("c%02d", i))
			s.labelled(want[i], "x: ''")
		}
		s.Equal(want, s.sorted(s.configMaps("")))
	}},
	{"list/whole-objects", "An element of a list says its apiVersion and kind and is what a get returns (cluster.Reader).", func(s *scene) {
		s.labelled("a", "x: ''")
		for obj, err := range s.client.List(s.ctx, s.configMaps("")) {
			s.NoError(err)
			s.Equal("v1", obj.GetAPIVersion())
			s.Equal("ConfigMap", obj.GetKind())
			s.Equal(s.get(obj).Object, obj.Object)
		}
	}},
	{"list/metadata-only", "PartialObjectMetadata has apiVersion, kind and metadata and nothing else (KEP-2334; cluster.Selector).", func(s *scene) {
		s.labelled("a", "x: ''")
		sel := s.configMaps("")
		sel.MetadataOnly = true
		n := 0
		for obj, err := range s.client.List(s.ctx, sel) {
			s.NoError(err)
			s.NotContains(obj.Object, "data")
			s.Equal("v1", obj.GetAPIVersion())
			s.Equal("ConfigMap", obj.GetKind())
			s.NotEmpty(obj.GetUID())
			s.Contains(obj.GetLabels(), "mine")
			n++
		}
		s.Equal(1, n)
	}},
	{"list/again", "Each use of a list's sequence lists anew (cluster.Reader).", func(s *scene) {
		s.labelled("a", "x: ''")
		count := 0
		seq := s.client.List(s.ctx, s.configMaps(""))
		for range seq {
			count++
		}
		s.labelled("b", "x: ''")
		for range seq {
			count++
		}
		s.Equal(3, count)
	}},
}
