package source

import "sync"

// Trigger makes each [Poll] that has it in its options look at once, such as when a webhook arrives. The zero value is ready
// for use. It is safe for concurrent use, and must not be copied after the first use.
type Trigger struct {
	mu   sync.Mutex
	next chan struct{}
}

// Fire returns without waiting. Several calls before a Poll looks make it look once; a call while it looks makes it look
// again.
func (t *Trigger) Fire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next != nil {
		close(t.next)
		t.next = nil
	}
}

// fired is closed by the next Fire. A nil Trigger never fires.
func (t *Trigger) fired() <-chan struct{} {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		t.next = make(chan struct{})
	}
	return t.next
}
