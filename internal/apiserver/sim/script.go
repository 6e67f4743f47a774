package sim

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// Outcome names what becomes of an object in the end.
type Outcome string

// The outcomes. Those of pods are the failures of package podlife.
const (
	Works         Outcome = ""
	ImagePull     Outcome = podlife.ImagePull
	CrashLoop     Outcome = podlife.CrashLoop
	NeverReady    Outcome = podlife.NeverReady
	QuotaExceeded Outcome = "quota-exceeded"
)

// Behavior is what a rule asks for. The zero value is how everything fares without a rule.
type Behavior struct {
	Outcome Outcome
	// After is how many steps pass before the outcome shows.
	After int
	// Failures is how often a container crashes, or how many pods of a Job fail, before the outcome shows.
	Failures int
	// Limit is how many pods of a workload are admitted with QuotaExceeded.
	Limit int
	// Lingers makes a deleted pod use up its grace period.
	Lingers bool
	// Address is what the load balancer of a Service or an Ingress gets, an IP address or a host name.
	Address string
	// Replicas is what the metrics of an autoscaler call for; zero is as many as there are.
	Replicas int32
}

// Rule gives the objects of a kind that match it a behavior.
type Rule struct {
	Kind            string
	Namespace, Name string // patterns of path.Match; empty matches all
	Labels          map[string]string
	Behavior        Behavior
}

// workloads are the kinds whose pods a rule reaches.
var workloads = []schema.GroupVersionKind{pods, replicaSets, replications, deployments, statefulSets, daemonSets, jobs, cronJobs}

// scripted are the kinds that a rule may name, and the outcomes that each has.
var scripted = func() map[string][]Outcome {
	out := map[string][]Outcome{
		claims.Kind: {Works, NeverReady}, services.Kind: {Works, NeverReady}, ingresses.Kind: {Works, NeverReady}, nodes.Kind: {Works, NeverReady}, autoscalers.Kind: {Works, NeverReady},
	}
	for _, kind := range workloads {
		out[kind.Kind] = []Outcome{Works, ImagePull, CrashLoop, NeverReady, QuotaExceeded}
	}
	out[pods.Kind] = []Outcome{Works, ImagePull, CrashLoop, NeverReady}
	return out
}()

// Check returns what is wrong with a rule.
func (r Rule) Check() error {
	outcomes, ok := scripted[r.Kind]
	if !ok {
		kinds := make([]string, 0, len(scripted))
		for kind := range scripted {
			kinds = append(kinds, kind)
		}
		slices.Sort(kinds)
		return fmt.Errorf("kind %q has no script: use one of %s", r.Kind, strings.Join(kinds, ", "))
	}
	if !slices.Contains(outcomes, r.Behavior.Outcome) {
		return fmt.Errorf("a %s has no outcome %q: use one of %q", r.Kind, r.Behavior.Outcome, outcomes)
	}
	for field, pattern := range map[string]string{"namespace": r.Namespace, "name": r.Name} {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q of the %s: %w", pattern, field, err)
		}
	}
	b, pod := r.Behavior, r.Kind == pods.Kind || slices.Contains(outcomes, ImagePull)
	for _, f := range []struct {
		name     string
		set, fit bool
		of       string
	}{
		{"Failures", b.Failures != 0, pod, "workloads"},
		{"After", b.After != 0, b.Outcome != QuotaExceeded, "other outcomes than " + string(QuotaExceeded)},
		{"Limit", b.Limit != 0, b.Outcome == QuotaExceeded, "the outcome " + string(QuotaExceeded)},
		{"Lingers", b.Lingers, pod, "workloads"},
		{"Address", b.Address != "", r.Kind == services.Kind || r.Kind == ingresses.Kind, "Services and Ingresses"},
		{"Replicas", b.Replicas != 0, r.Kind == autoscalers.Kind, "HorizontalPodAutoscalers"},
	} {
		if f.set && !f.fit {
			return fmt.Errorf("%s is for %s only", f.name, f.of)
		}
	}
	if b.After < 0 || b.Failures < 0 || b.Limit < 0 || b.Replicas < 0 {
		return fmt.Errorf("a number is negative")
	}
	ip, err := netip.ParseAddr(b.Address)
	if b.Address != "" && (err != nil || ip.Zone() != "") && len(validation.IsDNS1123Subdomain(b.Address)) > 0 {
		return fmt.Errorf("address %q is neither an IP address nor a host name", b.Address)
	}
	return nil
}

func (r *Rule) matches(obj *unstructured.Unstructured) bool {
	fits := func(pattern, name string) bool {
		ok, err := path.Match(pattern, name)
		return pattern == "" || ok && err == nil
	}
	return r.Kind == obj.GetKind() && fits(r.Namespace, obj.GetNamespace()) && fits(r.Name, obj.GetName()) &&
		labels.SelectorFromSet(r.Labels).Matches(labels.Set(obj.GetLabels()))
}

// Script replaces the rules and looks at everything again that they may concern. Steps are counted anew.
func (s *Simulator) Script(api apiserver.API, rules []Rule) error {
	for i, r := range rules {
		if err := r.Check(); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	s.rules = slices.Clone(rules)
	s.pace.forget()
	if err := s.begin(api); err != nil {
		return err
	}
	return s.lookAtAll(nodes, services, ingresses, claims, autoscalers, pods, replicaSets, replications, statefulSets, daemonSets, jobs)
}

// behaviorOf returns what the script says of an object, if anything.
func (s *Simulator) behaviorOf(at key) (Behavior, bool) {
	if i, ok := s.ruleOf(at); ok {
		return s.rules[i].Behavior, true
	}
	return Behavior{}, false
}

// ruleOf returns the first rule that matches an object or one that controls it.
func (s *Simulator) ruleOf(at key) (int, bool) {
	if len(s.rules) == 0 {
		return 0, false
	}
	chain := s.chain(at)
	i := slices.IndexFunc(s.rules, func(r Rule) bool { return slices.ContainsFunc(chain, r.matches) })
	return i, i >= 0
}

// chain returns an object and those that control it, as far as they are workloads.
func (s *Simulator) chain(at key) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for obj := s.view.get(at); obj != nil && len(out) < len(workloads); {
		out = append(out, obj)
		owner := metav1.GetControllerOf(obj)
		obj = nil
		if owner == nil {
			break
		}
		for _, kind := range workloads {
			if kind.Kind != owner.Kind {
				continue
			}
			if up := s.view.get(at.place(kind, owner.Name)); up != nil && up.GetUID() == owner.UID {
				obj = up
			}
		}
	}
	return out
}
