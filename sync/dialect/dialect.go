package dialect

import (
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Tool is one whose annotations are read.
type Tool string

const (
	// Setpoint is this project: annotations of setpoint.dev.
	Setpoint Tool = "Setpoint"
	// ArgoCD are annotations of argocd.argoproj.io.
	ArgoCD Tool = "Argo CD"
	// Helm are annotations of helm.sh.
	Helm Tool = "Helm"
	// Flux are annotations and labels of kustomize.toolkit.fluxcd.io.
	Flux Tool = "Flux"
	// CLIUtils are the annotations of cli-utils and kpt: config.kubernetes.io/depends-on, client.lifecycle.config.k8s.io and
	// cli-utils.sigs.k8s.io.
	CLIUtils Tool = "cli-utils"
)

// Dialect says whose annotations are read. The zero value reads all.
type Dialect struct {
	// Off are tools whose annotations mean nothing.
	Off []Tool
}

// Read returns what an object's annotations ask for. The error joins an [*Error] for every annotation that cannot be read; what
// could be is returned with it.
func (d Dialect) Read(obj *unstructured.Unstructured) (Directives, error) {
	r := &reader{annotations: obj.GetAnnotations(), labels: obj.GetLabels()}
	// From the last to be heard to the first, since each overrides what was said before.
	for _, t := range []struct {
		tool Tool
		read func(*reader)
	}{
		{CLIUtils, readCLIUtils}, {Flux, readFlux}, {Helm, readHelm}, {ArgoCD, readArgoCD}, {Setpoint, readSetpoint},
	} {
		if !slices.Contains(d.Off, t.tool) {
			t.read(r)
		}
	}
	if r.out.Hook() && len(r.out.HookDelete) == 0 {
		r.out.HookDelete = []HookDelete{BeforeHookCreation}
	}
	return r.out, errors.Join(r.faults...)
}

// reader collects what tools say.
type reader struct {
	annotations, labels map[string]string
	out                 Directives
	faults              []error
}

// fault notes a value that cannot be read.
func (r *reader) fault(key, value, problem string) {
	r.faults = append(r.faults, &Error{Key: key, Value: value, Problem: problem})
}
