// Package sync makes a cluster's objects what a desired state says they are: it plans the steps, carries them out in order,
// watches their health, and removes what left the desired state. Import it by another name, since the standard library has a
// sync too:
//
//	import setsync "github.com/setpoint-dev/setpoint/sync"
//
//	inv, err := inventory.NewApplySet(client, "delivery", "shop", nil)
//	engine := setsync.New(client, inv, &setsync.Options{Prune: true})
//	plan, err := engine.Plan(ctx, setsync.Desired{Objects: objects, Origins: origins, Complete: true})
//	…
//	fmt.Print(plan)
//	result, err := setsync.Drain(engine.Run(ctx, plan))
//
// A [Plan] is a value. Making one changes nothing; it can be printed, stored as JSON and bound again in another process
// ([Engine.Bind]), and each of its steps is carried out only if the object is still in the state that justified the step. A
// new plan of the same desired state tells the drift since: its steps hold what differs, from what to what, and who wrote.
//
// [Engine.Rehearse] has the server try all of a plan's writes at once; [Desired].Only restricts a plan to some objects;
// [Plan.FprintGraph] draws it; [Engine.PlanDelete] plans the end of the whole set.
//
// # Order
//
// Waves are barriers: what is in a later wave waits until everything in the earlier ones is healthy. Inside a wave a step waits
// only for what it needs: its namespace, the definition of its kind, what its pods name (ServiceAccount, ConfigMaps, Secrets,
// claims, classes), the role that a binding binds, the service behind a webhook or an aggregated API; and for the health of what it
// depends on by name. Dependencies that lead back to where they began are [ErrDependency], which shows the circle. Among steps that may
// start, the order is that of kinds, those that others lean on first. Pruning comes last, in reverse.
//
// A wave is watched until each of its objects is healthy at the generation that was applied. An object that stays Degraded, or
// that is not healthy when the deadline is over, fails the gate. One that no controller has reported on, as a custom resource
// without its operator, holds the gate up for a short while only, and passes with a warning; it is never called healthy.
//
// # Annotations
//
// Objects say themselves what is special about them: their wave, what they depend on, whether they may be pruned and how, whether they
// are applied at all, and whether their health counts. Package [github.com/setpoint-dev/setpoint/sync/dialect] reads that in the
// words of Argo CD, Helm, Flux, cli-utils and our own; [Options].Dialect switches tools off. Replace and Force are known, and such an
// object is applied like others, with a warning. Compare options, what is said of kinds that may come later, and wishes about client-side
// applies are read and change nothing yet.
//
// # Hooks
//
// An object may be a hook: a Job that runs before the sync, among its objects, after it, or when it fails. It is made at its time,
// and what comes after waits until it is Healthy, as a Job is that has completed. It is no member of the set and never pruned; its delete
// policy says when it goes.
//
// Hooks run once for each desired state that a plan leads to: when that state, or [Desired].Trigger, is another than the one that was
// last brought about completely. They do not run to undo drift. After a sync that failed they all run again. A run that takes the place
// of one that was cut off goes on with it: what was started is found by its name and [AnnotationOperation] and waited for, what has
// ended is recorded, and a hook that vanished before its end was seen is [ErrHookLost]. What is in a hook's way is deleted only if it
// is the set's own, or a hook of another tool that has ended. Without [Options].Key, the hooks also run whenever a Secret is written,
// since the record then has no digest of Secrets; and a hook that is a Secret is refused.
//
// Hooks of the deletion of a set run when that is what the plan does.
//
// # Ownership
//
// Writes are server-side applies by one field manager, never forced unless [Options].Force says so. What belongs to the set is in
// its [Inventory], which is saved before the first write with everything that will exist, and after the last with
// everything that does. An object is pruned only if it is recorded, still carries the set's marks, was applied by our manager, is
// the very object that was recorded, and has no controller as its owner. A namespace or a definition is pruned only if nothing
// that the set knows of in it is to stay. Losing the record therefore prunes nothing.
//
// An object is created only where there is none: one that appeared since the plan was made is [ErrStale]. What the cluster puts
// into a namespace that the same run created, such as the ServiceAccount "default", is the exception: it is applied onto,
// with a warning.
//
// # Errors
//
// A plan that cannot be made is an [*Error] for each object at fault, joined: [ErrDuplicate], [ErrNamespace], [ErrDependency],
// [dialect.ErrMalformed], [ErrForeign], an unknown kind ([cluster.ErrNoKind]); a prune that a guard stops is [ErrGuard]. While a
// plan is carried out, a step that fails is an [Event] with its error and stops only what needs it; after any failure nothing is
// pruned. [Drain] joins these errors.
//
// # Concurrency
//
// An [Engine] is safe for concurrent use, and a [Plan] is read-only. Of two runs that would change one inventory's record, the
// second fails with [ErrStale].
package sync
