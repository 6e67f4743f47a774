// Package strategy holds what differs from kind to kind: one [Row] of a table for each built-in kind that is not served by the
// general rule. No other package of the API server knows a kind by name.
//
// The general rule: a kind has no generation; a write to the object leaves its status alone and a write to the status leaves
// the rest alone; names are DNS subdomains; nothing is immutable; a deletion is immediate unless finalizers hold it.
package strategy
