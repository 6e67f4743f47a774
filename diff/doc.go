// Package diff answers one question exactly: what would a server-side apply of a desired object by our field manager change
// in the live object?
//
// The answer is computed without a request, from the kind's schema, from who owns which field (metadata.managedFields), and
// from what an API server of Kubernetes is known to do to an object before it stores it: defaults, canonical forms, fields
// that it drops. So two objects that differ in text and not in effect are [Same], a field that nobody of us set is never
// drift, and a field that left the desired object is a removal only when we own it alone.
//
//	schemas := diff.NewSchemas(nil)
//	c := diff.New("setpoint", schemas, nil)
//	d, err := c.Prepare(desired)  // once per rendered object
//	…
//	cmp, err := c.Compare(d, live) // each time the live object may have moved
//	if cmp.Verdict != diff.Same {
//		err = diff.Fprint(os.Stdout, cmp, nil)
//	}
//
// # What it knows and what it does not
//
// A server may run admission webhooks, which no schema tells of: a comparison says what the API server's own machinery
// would do. Where even that cannot be known offline (a field owned at another version of a kind whose versions differ, a
// value that the server allocates) the comparison is [Unsure] and says why; a dry run on the server settles it, see below. It is
// never [Same] by guess.
//
// The field status is the controllers' side and no part of a comparison when the kind has a status subresource.
//
// What a comparison does not look at: whether the server would find the object valid, and whether a field may be changed at all. A
// conversion webhook counts as unknown unless the definition that was added has none. The tables are those of Kubernetes
// v1.37; on a server of another release, a default that only one of them has is no change. Nothing is
// computed for an object that is nested more than 1,000 levels deep or has a list or map of more than 20,000 members: it is
// unsure, so that no object takes more time than its size warrants.
//
// # Drift
//
// [Comparer.Drift] answers for what was applied last, with nothing newer at hand: which of our fields have moved since, from what to
// what, and who may have done it.
//
// # Confirmation
//
// A [Confirmer] asks the server, by a dry run, about what would differ, and puts its answer in the place of the computed one:
//
//	confirmer := diff.NewConfirmer(client, nil)
//	cmp, err = confirmer.Confirm(ctx, cmp)
//
// What webhooks do on top of an apply is told apart from what the apply is for, and an apply that they would undo is not
// called for. An object that cannot be confirmed keeps its computed answer and says so; see [Comparison].Precision and Fault.
//
// # Schemas
//
// [Schemas] takes them from the cluster's OpenAPI documents after [Schemas.Load], from custom resource definitions among
// the desired objects after [Schemas.AddCRD], and else from the documents of Kubernetes itself, which are embedded.
// [Comparer.Prepare] and [Comparer.Compare] never ask the network.
//
// # Secrets
//
// A [Value] at a path that holds a Secret's content shows itself as a marker, whatever it is printed with; and the text of
// those contents is masked wherever else it appears in a comparison.
//
// # Errors
//
// Prepare and Compare return an [*Error] that names the object, and the path when there is one: an object without kind or
// name, a field that the kind does not have, a list with two items of one key, a null in a custom resource whose schema does
// not allow it, a manager's entry at a version of a definition in which the live object is not well formed. The server refuses
// the same applies. What a Confirmer meets is in Comparison.Fault, an [*Error] too.
//
// # Concurrency
//
// [Comparer], [Confirmer], [Schemas], [Desired] and [Comparison] are safe for concurrent use. A desired object is copied. A live object
// is not changed; a comparison may refer to it, so it must stay as it is for as long as the comparison is in use.
package diff
