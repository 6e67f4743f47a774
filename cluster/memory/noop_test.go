package memory_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// An apply that changes nothing is no write, whenever it comes and whatever the kind.
func TestApplyTwiceIsOneWrite(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := start(t, &memory.Options{Now: func() time.Time {
		now = now.Add(time.Second)
		return now
	}})
	client := newSide(t, "memory", s.Config())
	prepareDifferential(t, []*side{client}, "default")
	for _, k := range differentialKinds(t, "default") {
		body, err := json.Marshal(k.object)
		assert.NoError(t, err)
		apply := operation{"apply", "PATCH", k.path + "/x?fieldManager=one", "application/apply-patch+yaml", body}
		first := client.do(t, apply)
		assert.Equal(t, 201, first.code, "%v", first.body)
		assert.Equal(t, first.body, client.do(t, apply).body, k.kind)
	}
}
