package git

import "github.com/setpoint-dev/setpoint/source/git/internal/objects"

// Held returns how many objects are in memory.
func Held(r *Repository) int { return r.backend.(*remote).store.(*objects.Memory).Len() }

// Received returns how many bytes of packs came.
func Received(r *Repository) int64 {
	m := r.backend.(*remote)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.received
}
