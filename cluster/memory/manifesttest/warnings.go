package manifesttest

import (
	"fmt"
	"strings"
	"testing"
)

// RequireNoWarnings fails the test with every warning that the server gave when it took the objects: deprecated versions,
// values that it advises against, and rules that it does not check. Of an object that was applied more than once the last
// time counts. Fields that the server does not know are no warnings; an apply that has one is refused.
func (c *Cluster) RequireNoWarnings(t testing.TB) {
	t.Helper()
	var b strings.Builder
	count := 0
	for _, m := range c.members() {
		for _, w := range m.warnings {
			count++
			fmt.Fprintf(&b, "\n  - %s: %s", m.title(), indented(w, "    "))
		}
	}
	if count > 0 {
		t.Fatalf("the server warned %d times:%s", count, b.String())
	}
}
