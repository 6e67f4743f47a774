package differential_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// An apply that changes nothing is no write, whenever it comes and whatever the kind.
func TestApplyTwiceIsOneWrite(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	memory := newMemory(t, func() time.Time {
		now = now.Add(time.Second)
		return now
	})
	for _, k := range subjects(t, cluster, []*side{newSide(t, "kube-apiserver", cluster.Config()), memory}) {
		path := k.versions[0].path + "/" + k.name(0)
		apply := operation{method: "PATCH", path: path + "?fieldManager=one", media: mediaApply, body: encoded(k.object(k.versions[0], 0))}
		first := memory.do(t, apply, nil)
		was := memory.do(t, operation{method: "GET", path: path}, nil) // with what the server has noted in a definition
		second := memory.do(t, apply, nil)
		assert.Equal(t, 201, first.code, "%s: %v", k.kind, first.body)
		assert.Equal(t, was.body, second.body, k.kind)
	}
}
