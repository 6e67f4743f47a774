package dialect_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

type (
	notes = map[string]string
	asks  = dialect.Directives
)

func annotated(n notes) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{}}
	obj.SetAnnotations(n)
	return obj
}

func argo(option string) notes { return notes{"argocd.argoproj.io/sync-options": option} }

func flux(name, value string) notes { return notes{"kustomize.toolkit.fluxcd.io/" + name: value} }

func TestRead(t *testing.T) {
	hook := func(by string, phases ...dialect.Phase) asks {
		return asks{Phases: phases, Because: by, HookDelete: []dialect.HookDelete{dialect.BeforeHookCreation}}
	}
	never := func(by string) asks { return asks{Apply: dialect.Never, Because: by} }
	kept := func(by string) asks {
		return asks{Prune: dialect.Consent{Answer: dialect.No, By: by}, Delete: dialect.Consent{Answer: dialect.No, By: by}}
	}
	for name, test := range map[string]struct {
		notes notes
		want  asks
	}{
		"nothing":            {nil, asks{}},
		"what others mean":   {notes{"example.com/sync-wave": "1"}, asks{}},
		"wave":               {notes{"argocd.argoproj.io/sync-wave": " -7 "}, asks{Wave: -7}},
		"our wave first":     {notes{"argocd.argoproj.io/sync-wave": "1", "setpoint.dev/sync-wave": "+2"}, asks{Wave: 2}},
		"argo hook":          {notes{"argocd.argoproj.io/hook": "PreSync, SyncFail"}, hook("argocd.argoproj.io/hook says PreSync, SyncFail", dialect.PreSync, dialect.SyncFail)},
		"argo hook twice":    {notes{"argocd.argoproj.io/hook": "Sync,Sync"}, hook("argocd.argoproj.io/hook says Sync,Sync", dialect.Sync)},
		"argo skip":          {notes{"argocd.argoproj.io/hook": "Skip"}, never("argocd.argoproj.io/hook says Skip")},
		"argo skip and more": {notes{"argocd.argoproj.io/hook": "Skip,PostSync"}, hook("argocd.argoproj.io/hook says Skip,PostSync", dialect.PostSync)},
		"argo delete policy": {
			notes{"argocd.argoproj.io/hook": "Sync", "argocd.argoproj.io/hook-delete-policy": "HookSucceeded,HookFailed"},
			asks{Phases: []dialect.Phase{dialect.Sync}, Because: "argocd.argoproj.io/hook says Sync", HookDelete: []dialect.HookDelete{dialect.HookSucceeded, dialect.HookFailed}},
		},
		"helm hook": {
			notes{"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "-5", "helm.sh/hook-delete-policy": "hook-succeeded"},
			asks{Wave: -5, Phases: []dialect.Phase{dialect.PreSync}, Because: "helm.sh/hook says pre-install,pre-upgrade", HookDelete: []dialect.HookDelete{dialect.HookSucceeded}},
		},
		"helm hook of deletion":     {notes{"helm.sh/hook": "post-delete"}, hook("helm.sh/hook says post-delete", dialect.PostDelete)},
		"helm test":                 {notes{"helm.sh/hook": "test"}, never("helm.sh/hook says test")},
		"helm rollback and upgrade": {notes{"helm.sh/hook": "pre-rollback,post-upgrade"}, hook("helm.sh/hook says pre-rollback,post-upgrade", dialect.PostSync)},
		"helm definitions":          {notes{"helm.sh/hook": "crd-install", "helm.sh/hook-weight": "9"}, asks{}},
		"a weight without a hook":   {notes{"helm.sh/hook-weight": "9"}, asks{}},
		"a hook of both, argo's":    {notes{"helm.sh/hook": "pre-install", "argocd.argoproj.io/hook": "PostSync"}, hook("argocd.argoproj.io/hook says PostSync", dialect.PostSync)},
		"a test that argo runs":     {notes{"helm.sh/hook": "test", "argocd.argoproj.io/hook": "PostSync"}, hook("argocd.argoproj.io/hook says PostSync", dialect.PostSync)},
		"a weight, and a wave":      {notes{"helm.sh/hook": "pre-install", "helm.sh/hook-weight": "3", "argocd.argoproj.io/sync-wave": "1"}, func() asks { a := hook("helm.sh/hook says pre-install", dialect.PreSync); a.Wave = 1; return a }()},
		"our hook":                  {notes{"setpoint.dev/hook": "PreDelete", "helm.sh/hook": "pre-install"}, hook("setpoint.dev/hook says PreDelete", dialect.PreDelete)},
		"helm keep":                 {notes{"helm.sh/resource-policy": "keep"}, kept("helm.sh/resource-policy says keep")},
		"argo prune":                {argo("Prune=false"), asks{Prune: dialect.Consent{Answer: dialect.No, By: "argocd.argoproj.io/sync-options says Prune=false"}}},
		"argo delete":               {argo("Delete=confirm"), asks{Delete: dialect.Consent{Answer: dialect.Confirm, By: "argocd.argoproj.io/sync-options says Delete=confirm"}}},
		"the strictest":             {notes{"argocd.argoproj.io/sync-options": "Prune=confirm", "setpoint.dev/prune": "true", "kustomize.toolkit.fluxcd.io/prune": "disabled"}, kept("kustomize.toolkit.fluxcd.io/prune says disabled")},
		"argo options":              {argo("PruneLast=true, Force=true,Validate=false,SkipDryRunOnMissingResource=true"), asks{PruneLast: true, Recreate: true, Validation: cluster.ValidationIgnore, KindMayBeMissing: true}},
		"argo replace":              {argo("Replace=true"), asks{Apply: dialect.Replace, Because: "argocd.argoproj.io/sync-options says Replace=true"}},
		"argo propagation":          {argo("PrunePropagationPolicy=orphan"), asks{Propagation: cluster.PropagationOrphan}},
		"argo migration":            {argo("ClientSideApplyMigration=false"), asks{KeepManagers: true}},
		"argo for applications":     {argo("CreateNamespace=true"), asks{Notes: []string{"argocd.argoproj.io/sync-options says CreateNamespace=true, which means nothing for a single object"}}},
		"argo health":               {notes{"argocd.argoproj.io/ignore-healthcheck": "true"}, asks{IgnoreHealth: true}},
		"argo comparison":           {notes{"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}, asks{CompareOptions: "IgnoreExtraneous"}},
		"flux prune":                {flux("prune", "Disabled"), kept("kustomize.toolkit.fluxcd.io/prune says Disabled")},
		"flux reconcile":            {flux("reconcile", "disabled"), never("kustomize.toolkit.fluxcd.io/reconcile says disabled")},
		"flux force":                {flux("force", "enabled"), asks{Recreate: true}},
		"flux merge":                {flux("ssa", "Merge"), asks{KeepManagers: true}},
		"flux only once":            {flux("ssa", "IfNotPresent"), asks{Apply: dialect.CreateOnly, Because: "kustomize.toolkit.fluxcd.io/ssa says IfNotPresent"}},
		"flux ignore":               {flux("ssa", "ignore"), never("kustomize.toolkit.fluxcd.io/ssa says ignore")},
		"never beats replace":       {notes{"kustomize.toolkit.fluxcd.io/ssa": "Ignore", "argocd.argoproj.io/sync-options": "Replace=true"}, never("kustomize.toolkit.fluxcd.io/ssa says Ignore")},
		"cli-utils removal":         {notes{"cli-utils.sigs.k8s.io/on-remove": "keep"}, kept("cli-utils.sigs.k8s.io/on-remove says keep")},
		"cli-utils deletion":        {notes{"client.lifecycle.config.k8s.io/deletion": "detach"}, kept("client.lifecycle.config.k8s.io/deletion says detach")},
		"cli-utils mutation":        {notes{"client.lifecycle.config.k8s.io/mutation": "ignore"}, asks{Apply: dialect.CreateOnly, Because: "client.lifecycle.config.k8s.io/mutation says ignore"}},
		"dependencies": {
			notes{"config.kubernetes.io/depends-on": "/namespaces/a/ConfigMap/b, apps/namespaces/a/Deployment/c,rbac.authorization.k8s.io/ClusterRole/d"},
			asks{DependsOn: []cluster.Ref{{Kind: "ConfigMap", Namespace: "a", Name: "b"}, {Group: "apps", Kind: "Deployment", Namespace: "a", Name: "c"}, {Group: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "d"}}},
		},
		"ours": {
			notes{
				"setpoint.dev/prune": "confirm", "setpoint.dev/delete": "false", "setpoint.dev/prune-last": "true", "setpoint.dev/propagation": "foreground",
				"setpoint.dev/apply": "create-only", "setpoint.dev/recreate": "true", "setpoint.dev/migrate": "false", "setpoint.dev/validation": "strict",
				"setpoint.dev/health": "ignore", "setpoint.dev/depends-on": "/Namespace/a",
			},
			asks{
				Prune: dialect.Consent{Answer: dialect.Confirm, By: "setpoint.dev/prune says confirm"}, Delete: dialect.Consent{Answer: dialect.No, By: "setpoint.dev/delete says false"},
				PruneLast: true, Propagation: cluster.PropagationForeground, Apply: dialect.CreateOnly, Because: "setpoint.dev/apply says create-only",
				Recreate: true, KeepManagers: true, Validation: cluster.ValidationStrict, IgnoreHealth: true, DependsOn: []cluster.Ref{{Kind: "Namespace", Name: "a"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := dialect.Dialect{}.Read(annotated(test.notes))
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

// Flux's marks may be labels.
func TestFluxLabels(t *testing.T) {
	obj := annotated(nil)
	obj.SetLabels(flux("prune", "disabled"))
	got, err := dialect.Dialect{}.Read(obj)
	require.NoError(t, err)
	assert.Equal(t, dialect.No, got.Prune.Answer)
}

// Every value that cannot be read is told of, by its annotation and what would be right; none is a silent default.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ key, value, says string }{
		{"argocd.argoproj.io/sync-wave", "first", `annotation argocd.argoproj.io/sync-wave is "first": it should be an integer`},
		{"argocd.argoproj.io/sync-wave", "1.5", "it should be an integer"},
		{"setpoint.dev/sync-wave", "", "it should be an integer"},
		{"setpoint.dev/sync-wave", "99999999999999999999", "it should be an integer"},
		{"argocd.argoproj.io/hook", "Presync", `"Presync" is not one of PostDelete, PostSync, PreDelete, PreSync, Skip, Sync, SyncFail`},
		{"argocd.argoproj.io/hook", " , ", "it should be one of PostDelete"},
		{"argocd.argoproj.io/hook-delete-policy", "hook-succeeded", `"hook-succeeded" is not one of BeforeHookCreation, HookFailed, HookSucceeded`},
		{"argocd.argoproj.io/sync-options", "Prune=flase", `"Prune=flase" is no sync option`},
		{"argocd.argoproj.io/ignore-healthcheck", "yes", "it should be true or false"},
		{"helm.sh/hook", "preinstall", `"preinstall" is not one of`},
		{"helm.sh/resource-policy", "retain", "it should be keep"},
		{"kustomize.toolkit.fluxcd.io/prune", "false", "it should be enabled or disabled"},
		{"kustomize.toolkit.fluxcd.io/ssa", "Never", "it should be Override, Merge, IfNotPresent or Ignore"},
		{"cli-utils.sigs.k8s.io/on-remove", "delete", "it should be keep"},
		{"client.lifecycle.config.k8s.io/mutation", "", "it should be ignore"},
		{"config.kubernetes.io/depends-on", "apps/Deployment", `"apps/Deployment" should be group/namespaces/namespace/kind/name or group/kind/name`},
		{"config.kubernetes.io/depends-on", "apps/namespaces//Deployment/a", "should be group"},
		{"config.kubernetes.io/depends-on", "", "it names no object"},
		{"setpoint.dev/depends-on", "/Namespace/a,/Namespace/a", `"/Namespace/a" is there twice`},
		{"setpoint.dev/prune", "no", "it should be one of confirm, false, true"},
		{"setpoint.dev/apply", "Replace", "it should be one of create-only, never, replace, server-side"},
	} {
		_, err := dialect.Dialect{}.Read(annotated(notes{test.key: test.value}))
		require.ErrorIs(t, err, dialect.ErrMalformed, "%s=%s", test.key, test.value)
		require.ErrorContains(t, err, test.says)
		var fault *dialect.Error
		require.ErrorAs(t, err, &fault)
		assert.Equal(t, test.key, fault.Key)
		assert.Equal(t, test.value, fault.Value)
	}
	_, err := dialect.Dialect{}.Read(annotated(notes{"setpoint.dev/prune": "x", "argocd.argoproj.io/sync-wave": "y"}))
	assert.ErrorContains(t, err, "setpoint.dev/prune")
	assert.ErrorContains(t, err, "sync-wave", "all of them")
}

// A tool that is switched off is not heard, whatever it says.
func TestOff(t *testing.T) {
	for tool, n := range map[dialect.Tool]notes{
		dialect.Setpoint: {"setpoint.dev/sync-wave": "x"},
		dialect.ArgoCD:   {"argocd.argoproj.io/hook": "x", "argocd.argoproj.io/compare-options": "y"},
		dialect.Helm:     {"helm.sh/hook": "x"},
		dialect.Flux:     {"kustomize.toolkit.fluxcd.io/ssa": "x"},
		dialect.CLIUtils: {"config.kubernetes.io/depends-on": "x"},
	} {
		_, err := dialect.Dialect{}.Read(annotated(n))
		require.Error(t, err, tool)
		got, err := dialect.Dialect{Off: []dialect.Tool{tool}}.Read(annotated(n))
		require.NoError(t, err, tool)
		assert.Zero(t, got, tool)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("helm.sh/hook", "pre-install,,")
	f.Add("config.kubernetes.io/depends-on", "a/b/c,/////")
	f.Add("argocd.argoproj.io/sync-options", "=,Prune=")
	f.Fuzz(func(t *testing.T, key, value string) {
		obj := annotated(notes{key: value})
		obj.SetLabels(notes{key: value})
		a, err := dialect.Dialect{}.Read(obj)
		b, again := dialect.Dialect{}.Read(obj)
		assert.Equal(t, a, b)
		assert.Equal(t, fmt.Sprint(err), fmt.Sprint(again))
	})
}

func ExampleDialect_Read() {
	obj := &unstructured.Unstructured{Object: map[string]any{}}
	obj.SetAnnotations(map[string]string{
		"helm.sh/hook":                    "pre-install,pre-upgrade",
		"helm.sh/hook-weight":             "-5",
		"argocd.argoproj.io/sync-options": "Prune=false",
	})
	asks, err := dialect.Dialect{}.Read(obj)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(asks.Phases, asks.HookDelete, asks.Wave)
	fmt.Println(asks.Prune.Answer, "since", asks.Prune.By)
	// Output:
	// [PreSync] [BeforeHookCreation] -5
	// No since argocd.argoproj.io/sync-options says Prune=false
}
