package sync

// queue holds the steps that may start, first the one that is listed first.
type queue struct{ steps []int }

func (q *queue) push(i int) {
	at := len(q.steps)
	for at > 0 && q.steps[at-1] > i {
		at--
	}
	q.steps = append(q.steps, 0)
	copy(q.steps[at+1:], q.steps[at:])
	q.steps[at] = i
}

func (q *queue) pop() (int, bool) {
	if len(q.steps) == 0 {
		return 0, false
	}
	i := q.steps[0]
	q.steps = q.steps[1:]
	return i, true
}
