package git

// Held returns how many objects are in memory.
func Held(r *Repository) int {
	m := r.backend.(*remote).store.(*memory)
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.objects)
}

// Received returns how many bytes of packs came.
func Received(r *Repository) int64 {
	m := r.backend.(*remote)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.received
}
