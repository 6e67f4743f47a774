// Package live is a [cluster.Client] that answers reads from memory, which watches keep up to date.
//
//	view := live.Open(client, nil)
//	defer view.Close()
//	engine := sync.New(view, inventory, nil)
//
// A [View] follows a kind from the first read of it on: it watches all namespaces where that is allowed, and otherwise the
// namespace that was asked for. Reads of a followed kind cost no request, so that a reconciliation that finds nothing
// changed makes none at all. Writes go to the client behind the view, and so do reads that the view cannot answer: field
// selectors other than on the name and namespace, kinds that cannot be watched or may not be, and [View.Watch].
//
// # How fresh an answer is
//
// An answer is as recent as the watch. It is never older than a write, or a delete, that was made through the same view: a
// read of that object, and a list that could hold it, waits until the watch has come that far. If that takes longer than
// [Options].Patience the server is asked instead. The resourceVersions of one object are compared as numbers (KEP-5504).
// Whoever acts on what another writer may have changed meanwhile puts a precondition on the write, as package sync does.
//
// When the watch of a kind ends for good, its objects are dropped and reads go to the server; a minute later the next
// read starts another watch.
//
// # What it costs
//
// A view holds every object of the kinds it follows, in every version and, after a list of metadata alone, in that form
// too. It answers for the identity of its client: give no view to somebody who may read less.
//
// # Concurrency
//
// A [View] is safe for concurrent use. Objects that it returns are copies, which belong to the caller. Nothing keeps running after
// [View.Close].
package live
