package clustertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster"
)

// scene is where one rule is checked: a client, a namespace of the rule's own, and assertions that end the check at the
// first finding.
type scene struct {
	*require.Assertions
	ctx      context.Context
	client   cluster.Client
	findings []string
	skipped  string // why the check was not made, empty when it was
	// space is the namespace, created when it is first needed.
	space string
	undo  []func(context.Context)
}

func newScene(ctx context.Context, c cluster.Client) *scene {
	s := &scene{ctx: ctx, client: c}
	s.Assertions = require.New(s)
	return s
}

// Errorf notes a finding, for testify.
func (s *scene) Errorf(format string, args ...any) {
	s.findings = append(s.findings, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// FailNow ends the check, for testify.
func (s *scene) FailNow() { runtime.Goexit() }

// skip ends the check, which the client cannot be put to.
func (s *scene) skip(why string) {
	s.skipped = why
	s.FailNow()
}

// clear undoes what the check did to the cluster, in reverse order.
func (s *scene) clear() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 20*time.Second)
	defer cancel()
	for _, undo := range slices.Backward(s.undo) {
		undo(ctx)
	}
}

// later registers what clear does.
func (s *scene) later(undo func(context.Context)) { s.undo = append(s.undo, undo) }

// namespace returns the name of the rule's own namespace.
func (s *scene) namespace() string {
	if s.space == "" {
		s.space = s.freshNamespace()
	}
	return s.space
}

// freshNamespace creates a namespace that is deleted in the end.
func (s *scene) freshNamespace() string {
	name := unique("rule")
	s.cluster("{apiVersion: v1, kind: Namespace, metadata: {name: " + name + "}}")
	return name
}

// cluster creates a cluster-scoped object that is deleted in the end.
func (s *scene) cluster(text string) *unstructured.Unstructured {
	obj := parse(text)
	written, err := s.client.Create(s.ctx, obj, by("test"))
	s.NoError(err)
	s.later(func(ctx context.Context) { _ = s.client.Delete(ctx, cluster.RefOf(obj), cluster.DeleteOptions{}) })
	return written.Object
}

// object returns the object that a text in YAML describes, in the rule's namespace unless it names another.
func (s *scene) object(format string, args ...any) *unstructured.Unstructured {
	obj := parse(fmt.Sprintf(format, args...))
	if obj.GetNamespace() == "" {
		obj.SetNamespace(s.namespace())
	}
	return obj
}

// unique returns a name that nothing else has.
func unique(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:10]) }

// parse reads an object of this package's own source; a fault there is a panic.
func parse(text string) *unstructured.Unstructured {
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("%v in %s", err, text))
	}
	var content map[string]any
	if err := json.Unmarshal(data, &content); err != nil {
		panic(fmt.Sprintf("%v in %s", err, text))
	}
	return &unstructured.Unstructured{Object: content}
}
