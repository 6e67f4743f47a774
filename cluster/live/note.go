package live

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// note is a write through the view that the watch may not have brought back yet. A note is not changed once it is kept.
type note struct {
	uid types.UID
	// version is the state that the write left; empty for a delete.
	version string
	// unknown says that it is not known whether the write was executed, or what it left.
	unknown bool
	// gone says that the object was removed, and not only marked for that.
	gone bool
	// unseen says that the deleted object was not in memory before, so that its absence proves nothing.
	unseen bool
	// pending says that the delete is under way and holds nobody up; earlier is the note that still does, if any.
	pending bool
	earlier *note
}

// left returns the note of a write that left obj, which is the server's answer to it.
func left(obj *unstructured.Unstructured) *note {
	n := &note{uid: obj.GetUID(), version: obj.GetResourceVersion()}
	n.unknown = n.version == ""
	// A write that takes the last finalizer off an object marked for deletion removes it, and is answered with its last state.
	grace := obj.GetDeletionGracePeriodSeconds()
	if obj.GetDeletionTimestamp() != nil && len(obj.GetFinalizers()) == 0 && (grace == nil || *grace == 0) {
		n.version, n.gone = "", true
	}
	return n
}

// verdict says whether memory can be relied on.
type verdict int

const (
	current  verdict = iota
	behind           // the watch will bring it
	doubtful         // only the server knows
)

// judge compares what is in memory, nil for nothing, with the note, which may be nil.
func (n *note) judge(obj *unstructured.Unstructured) verdict {
	switch {
	case n == nil:
		return current
	case n.pending:
		return n.earlier.judge(obj)
	case n.unknown:
		return doubtful
	case n.version != "" && (obj == nil || !reached(obj.GetResourceVersion(), n.version)):
		return behind
	case n.version == "" && obj != nil && obj.GetUID() == n.uid && (n.gone || obj.GetDeletionTimestamp() == nil):
		return behind
	case n.version == "" && n.unseen && (obj == nil || obj.GetUID() != n.uid):
		return behind
	}
	return current
}

// settled says whether obj, which the watch has brought, makes the note needless for good. The absence of a deleted object
// does not: it may have been created shortly before, and both be still to come.
func (n *note) settled(obj *unstructured.Unstructured) bool {
	return !n.pending && obj != nil && n.judge(obj) == current
}

// ended says whether the end of a UID makes the note needless: nothing comes after it, whatever was written.
func (n *note) ended(uid types.UID) bool { return n.uid == uid && !n.unknown }

// reached says whether one state of an object is not older than another. Versions of another form than that of Kubernetes
// (KEP-5504) are reached by equality only.
func reached(have, want string) bool {
	if have == want {
		return true
	}
	order, err := resourceversion.CompareResourceVersion(have, want)
	return err == nil && order >= 0
}
