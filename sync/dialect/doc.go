// Package dialect reads what the annotations of an object ask of a sync, in the words of the tools that manifests are written
// for: Argo CD, Helm, Flux, cli-utils (kpt), and Setpoint's own.
//
//	var d dialect.Dialect
//	asks, err := d.Read(obj)
//
// What comes out is one [Directives], whoever's words it was said in. Where several tools speak of the same thing, Setpoint's own
// annotation comes first, then Argo CD's, then that of Flux, Helm and cli-utils. A wish to keep an object is the exception: it is
// honoured whoever has it, and the strictest counts.
//
// # Annotations
//
//	setpoint.dev/sync-wave          argocd.argoproj.io/sync-wave, helm.sh/hook-weight of a hook
//	setpoint.dev/hook               argocd.argoproj.io/hook, helm.sh/hook
//	setpoint.dev/hook-delete-policy argocd.argoproj.io/hook-delete-policy, helm.sh/hook-delete-policy
//	setpoint.dev/prune              argocd: sync-options Prune=…, helm.sh/resource-policy, flux: prune, cli-utils: deletion
//	setpoint.dev/delete             argocd: sync-options Delete=…, helm.sh/resource-policy, flux: prune, cli-utils: deletion
//	setpoint.dev/prune-last         argocd: sync-options PruneLast=true
//	setpoint.dev/propagation        argocd: sync-options PrunePropagationPolicy=…
//	setpoint.dev/apply              argocd: sync-options Replace=true, hook Skip; flux: ssa, reconcile; cli-utils: mutation
//	setpoint.dev/recreate           argocd: sync-options Force=true; flux: force
//	setpoint.dev/migrate            argocd: sync-options ClientSideApplyMigration=false; flux: ssa Merge
//	setpoint.dev/validation         argocd: sync-options Validate=false
//	setpoint.dev/health             argocd.argoproj.io/ignore-healthcheck
//	setpoint.dev/depends-on         config.kubernetes.io/depends-on
//	                                argocd.argoproj.io/compare-options
//
// A value that cannot be read is an [*Error], never a silent default: a misspelled hook would otherwise be an ordinary object, or
// none at all. The sources are the documentation of the tools: Argo CD's user guide (sync options, sync waves, resource hooks), Helm's
// chart hooks, Flux's Kustomization ("Controlling the apply behavior of resources"), and cli-utils' package object.
//
// # Concurrency
//
// A [Dialect] is safe for concurrent use as long as nobody changes it.
package dialect
