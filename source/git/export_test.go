package git

// Held returns how many objects are in memory.
func Held(r *Repository) int {
	m := r.backend.(*remote).store.(*memory)
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.objects)
}
