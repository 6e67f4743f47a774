package live

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// wrote notes a write that was executed, or may have been.
func (f *follow) wrote(key types.NamespacedName, n *note) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.notes[key]
	overtaken := old != nil && !old.pending && old.version != "" && n.version != "" && old.uid == n.uid && reached(old.version, n.version)
	if f.ended == nil && !overtaken {
		f.keep(key, n)
	}
}

// deleting notes that a delete of that UID begins, before it does: the watch may bring its end before the answer comes.
func (f *follow) deleting(key types.NamespacedName, uid types.UID) *note {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended != nil {
		return nil
	}
	obj := f.objects[key]
	n := &note{uid: uid, unseen: obj == nil || obj.GetUID() != uid, pending: true, earlier: f.notes[key]}
	f.notes[key] = n
	return n
}

// deleted turns what deleting noted into a fact, or takes it back when the delete was not executed, or into a doubt.
func (f *follow) deleted(key types.NamespacedName, begun *note, outcome *note) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended != nil || begun == nil || f.notes[key] != begun {
		return
	}
	if outcome == nil {
		outcome = begun.earlier
	}
	f.keep(key, outcome)
}

// verified takes what the server said of an object, nil for its absence, to a reader who could not rely on memory because
// of n.
func (f *follow) verified(key types.NamespacedName, n *note, obj *unstructured.Unstructured) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended != nil || n == nil || n.pending || f.notes[key] != n {
		return
	}
	known := f.objects[key]
	switch {
	case obj != nil:
		f.keep(key, left(obj))
	case !n.unknown:
		// Its creation may still be on the way, and must not be believed after a reader has heard of its end.
		f.keep(key, &note{uid: n.uid, gone: true})
	case known != nil:
		f.keep(key, &note{uid: known.GetUID(), gone: true})
	default:
		f.keep(key, nil)
	}
}

// keep replaces the note of an object by n, unless memory shows it needless. Waiting readers look again.
func (f *follow) keep(key types.NamespacedName, n *note) {
	if n == nil || n.settled(f.objects[key]) {
		delete(f.notes, key)
	} else {
		f.notes[key] = n
	}
	f.wake()
}

// doubts returns the notes that waiting may not clear up.
func (f *follow) doubts() map[types.NamespacedName]*note {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[types.NamespacedName]*note{}
	for key, n := range f.notes {
		if v := n.judge(f.objects[key]); v == doubtful || v == behind && f.objects[key] == nil {
			out[key] = n
		}
	}
	return out
}
