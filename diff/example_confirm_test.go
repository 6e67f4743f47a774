package diff_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/diff"
)

// A cluster in which a webhook lets nobody log more than warnings, and notes who looked at an object.
func warningsOnly(r *memory.AdmissionRequest) error {
	if r.Object == nil {
		return nil
	}
	return errors.Join(
		unstructured.SetNestedField(r.Object.Object, "warn", "data", "level"),
		unstructured.SetNestedField(r.Object.Object, "yes", "metadata", "annotations", "seen"),
	)
}

func ExampleConfirmer_Confirm() {
	ctx := context.Background()
	server, err := memory.New(&memory.Options{Admission: []memory.Admission{{Name: "levels.example.com", Kind: "ConfigMap", Mutate: warningsOnly}}})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	desired := parse(`{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: default}, data: {level: debug}}`)
	written, err := client.Apply(ctx, desired, cluster.WriteOptions{Manager: "setpoint"})
	if err != nil {
		log.Fatal(err)
	}

	comparer := diff.New("setpoint", nil, nil)
	d, err := comparer.Prepare(desired)
	if err != nil {
		log.Fatal(err)
	}
	computed, err := comparer.Compare(d, written.Object)
	if err != nil {
		log.Fatal(err)
	}
	confirmed, err := diff.NewConfirmer(client, nil).Confirm(ctx, computed)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range []*diff.Comparison{computed, confirmed} {
		if err := diff.Fprint(os.Stdout, c, nil); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// ~ ConfigMap default/settings: 1 change
	//   ~ .data.level: "warn" → "debug"
	// = ConfigMap default/settings: as far as admission lets it
	//   · .data.level: "warn" by admission, not "debug"
}

// Of two objects one is refused, and one passes a webhook that takes part in no dry run. Neither is an error of the set.
func ExampleConfirmer_ConfirmAll() {
	ctx := context.Background()
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	comparer := diff.New("setpoint", nil, nil)
	var desired []*diff.Desired
	var live []*unstructured.Unstructured
	for _, name := range []string{"audited", "frozen"} {
		before := parse(`{apiVersion: v1, kind: ConfigMap, metadata: {name: ` + name + `, namespace: default}, immutable: true, data: {level: info}}`)
		if name == "audited" {
			delete(before.Object, "immutable")
		}
		written, err := client.Apply(ctx, before, cluster.WriteOptions{Manager: "setpoint"})
		if err != nil {
			log.Fatal(err)
		}
		live = append(live, written.Object)
		d, err := comparer.Prepare(parse(`{apiVersion: v1, kind: ConfigMap, metadata: {name: ` + name + `, namespace: default}, data: {level: debug}}`))
		if err != nil {
			log.Fatal(err)
		}
		desired = append(desired, d)
	}
	set, err := comparer.CompareAll(ctx, desired, live)
	if err != nil {
		log.Fatal(err)
	}
	set, err = diff.NewConfirmer(audited{client}, nil).ConfirmAll(ctx, set)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range set.Comparisons {
		fmt.Println(c.Ref, c.Verdict, c.Precision)
		var invalid *cluster.InvalidError
		switch {
		case errors.Is(c.Fault, diff.ErrNoDryRun):
			fmt.Println("  computed only:", c.Fault)
		case errors.As(c.Fault, &invalid):
			fmt.Println("  cannot be applied:", invalid.Causes[0].Field)
		}
	}
	// Output:
	// ConfigMap default/audited Differs Unconfirmed
	//   computed only: confirm ConfigMap default/audited: a webhook has side effects and takes part in no dry run: "audit.example.com"
	// ConfigMap default/frozen Refused Confirmed
	//   cannot be applied: data
}

// audited answers for one object as a server does whose webhook has side effects.
type audited struct{ cluster.Applier }

func (a audited) Apply(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	if opts.DryRun && obj.GetName() == "audited" {
		return nil, &cluster.Error{Op: "apply", Ref: cluster.RefOf(obj), Code: 400, Err: &cluster.InvalidError{Message: `admission webhook "audit.example.com" does not support dry run`}}
	}
	return a.Applier.Apply(ctx, obj, opts)
}
