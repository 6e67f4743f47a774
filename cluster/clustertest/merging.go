package clustertest

import "github.com/setpoint-dev/setpoint/cluster"

var merging = []Rule{
	{"merge/list-by-key", "Elements of a list of type map are matched by their keys, here the port and protocol (KEP-555, list-map keys).", func(s *scene) {
		s.apply("one", service, "a", "{name: x, port: 80}")
		obj := s.apply("two", service, "a", "{name: j, port: 81}")
		s.ElementsMatch([]any{int64(80), int64(81)}, each(obj, "spec.ports", "port"))
	}},
	{"merge/key-with-default", "A key that has a default may be left out (KEP-2271; the protocol of a port is TCP).", func(s *scene) {
		s.apply("one", service, "a", "{name: x, port: 80, protocol: TCP}")
		obj := s.apply("two", service, "a", "{name: x, port: 80}")
		s.Len(list(obj, "spec.ports"), 1)
	}},
	{"merge/every-key-counts", "Elements that differ in one of the keys are two (KEP-555, list-map keys).", func(s *scene) {
		obj := s.apply("us", service, "a", "{name: x, port: 53, protocol: TCP}, {name: j, port: 53, protocol: UDP}")
		s.Len(list(obj, "spec.ports"), 2)
	}},
	{"merge/element-fields", "Inside an element each field has its own owner (KEP-555).", func(s *scene) {
		s.apply("one", podTemplate, "a", "{name: c, image: i}")
		obj := s.apply("two", podTemplate, "a", "{name: c, command: [run]}")
		s.Equal("i", at(obj, "template.spec.containers.0.image"))
		s.Equal([]any{"run"}, list(obj, "template.spec.containers.0.command"))
		s.Equal([]cluster.FieldConflict{{Manager: "one", Operation: "Apply", Field: `.template.spec.containers[name="c"].image`}},
			s.conflict(s.tryApply(by("two"), podTemplate, "a", "{name: c, image: j}")))
	}},
	{"merge/dropped-element", "An element that its only owner drops is removed, the others' stay (Kubernetes docs, Server-Side Apply, Field management).", func(s *scene) {
		s.apply("one", podTemplate, "a", "{name: c, image: i}, {name: d, image: i}")
		s.apply("two", podTemplate, "a", "{name: e, image: i}")
		s.ElementsMatch([]any{"c", "e"}, each(s.apply("one", podTemplate, "a", "{name: c, image: i}"), "template.spec.containers", "name"))
	}},
	{"merge/order-of-the-applier", "An applier's elements keep the order that it gives them (KEP-555, ordering of lists).", func(s *scene) {
		s.apply("us", podTemplate, "a", "{name: c, image: i}, {name: d, image: i}, {name: e, image: i}")
		s.Equal([]any{"e", "c", "d"}, each(s.apply("us", podTemplate, "a", "{name: e, image: i}, {name: c, image: i}, {name: d, image: i}"), "template.spec.containers", "name"))
	}},
	{"merge/duplicate-keys", "Two elements of one key in an applied object are refused (KEP-555; structured-merge-diff).", func(s *scene) {
		s.Error(s.tryApply(by("us"), podTemplate, "a", "{name: c, image: i}, {name: c, image: j}"))
	}},
	{"merge/set", "A list of type set is merged by value, here the finalizers (KEP-555, list type set).", func(s *scene) {
		one := "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.com/%s]}}"
		obj := s.apply("one", one, "x")
		s.release(obj)
		s.ElementsMatch([]string{"example.com/x", "example.com/j"}, s.apply("two", one, "j").GetFinalizers())
		s.Equal([]string{"example.com/j"}, s.apply("one", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}").GetFinalizers())
	}},
	{"merge/atomic-list", "A list of type atomic has one owner and one value (KEP-555, list type atomic; a container's args).", func(s *scene) {
		s.apply("one", podTemplate, "a", "{name: c, image: i, args: [x]}")
		s.Equal([]cluster.FieldConflict{{Manager: "one", Operation: "Apply", Field: `.template.spec.containers[name="c"].args`}},
			s.conflict(s.tryApply(by("two"), podTemplate, "a", "{name: c, image: i, args: [j]}")))
		written, err := s.client.Apply(s.ctx, s.object(podTemplate, "a", "{name: c, image: i, args: [j]}"), force("two"))
		s.NoError(err)
		s.Equal([]any{"j"}, list(written.Object, "template.spec.containers.0.args"))
	}},
	{"merge/atomic-map", "A map of type atomic has one owner and one value (KEP-555, map type atomic; a Service's selector).", func(s *scene) {
		text := "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}], selector: {%s: v}}}"
		s.apply("one", text, "x")
		s.Equal([]cluster.FieldConflict{{Manager: "one", Operation: "Apply", Field: ".spec.selector"}}, s.conflict(s.tryApply(by("two"), text, "j")))
		written, err := s.client.Apply(s.ctx, s.object(text, "j"), force("two"))
		s.NoError(err)
		s.Equal(map[string]any{"j": "v"}, at(written.Object, "spec.selector"))
	}},
	{"merge/granular-map", "A map of type granular has an owner per key, here the labels (KEP-555, map type granular).", func(s *scene) {
		text := "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {%s: v}}}"
		s.apply("one", text, "x")
		s.Equal(map[string]string{"x": "v", "j": "v"}, s.apply("two", text, "j").GetLabels())
		s.Equal(map[string]string{"j": "v"}, s.apply("one", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}").GetLabels())
	}},
}
