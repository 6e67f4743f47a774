// Package inventory keeps the record of a set of objects in the cluster itself, in the form that the ApplySet standard
// (KEP-3659) gives it.
//
//	inv, err := inventory.NewApplySet(client, "delivery", "shop", nil)
//	engine := setsync.New(client, inv, nil)
//
// The parent is a Secret. It carries the standard's label and annotations, so that any tool that reads the standard finds
// the members by their label, and refuses to write to a set that another tool keeps, as the standard asks. The record
// proper, which knows each member's UID, is in the Secret's data, compressed; what does not fit into one Secret is in
// further ones that the parent names.
//
// [File] keeps the record on disk instead.
//
// # Errors
//
// [ErrForeign] is a parent that is not ours to use and [ErrCorrupt] one whose record cannot be read; neither is ever taken
// for an empty record. A record that was changed by another writer is [cluster.ErrConflict]. All come with the parent's
// name; faults of the cluster are [*cluster.Error].
//
// # Concurrency
//
// An ApplySet is safe for concurrent use. Several processes may load one; of two that save, one gets the conflict.
package inventory
