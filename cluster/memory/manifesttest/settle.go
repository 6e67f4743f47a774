package manifesttest

import "testing"

// Settle lets everything come to its end that waits for a step of its script ([memory.Server.Script]), and fails the test when
// something never comes to rest or a simulated controller failed. What follows from a write at once has happened when
// [Cluster.Apply] returns. The clock does not move; see [memory.Server.Advance] for what waits for it.
func (c *Cluster) Settle(t testing.TB) {
	t.Helper()
	if err := c.server.Settle(); err != nil {
		t.Fatal(err)
	}
	if err := c.server.ControllerErrors(); err != nil {
		t.Fatalf("simulated controllers: %v", err)
	}
}
