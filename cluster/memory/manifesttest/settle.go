package manifesttest

import "testing"

// Settle lets everything that waits come to its end, and fails the test when a simulated controller failed. What follows
// from a write at once has happened when [Cluster.Apply] returns.
func (c *Cluster) Settle(t testing.TB) {
	t.Helper()
	if err := c.server.ControllerErrors(); err != nil {
		t.Fatalf("simulated controllers: %v", err)
	}
}
