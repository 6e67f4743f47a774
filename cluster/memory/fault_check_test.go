package memory_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

func TestFaultIsRefused(t *testing.T) {
	s := start(t, nil)
	for want, fault := range map[string]memory.Fault{
		`no request has the verb "GET"`:                          {Verb: "GET"},
		`no request has the verb "apply"`:                        {Verb: "apply"},
		`no connection breaks at "midway"`:                       {Break: "midway"},
		`the rate 1.5 is no probability`:                         {Rate: 1.5},
		`the rate -0.1 is no probability`:                        {Rate: -0.1},
		`the rate NaN is no probability`:                         {Rate: math.NaN()},
		`after -1 requests`:                                      {After: -1},
		`-2 times`:                                               {Times: -2},
		`the latency -1s is negative`:                            {Latency: -time.Second},
		`after -3 events`:                                        {Break: memory.EndWatch, Events: -3},
		`events are for the breaks "watch" and "end" only`:       {Break: memory.BreakAnswer, Events: 3},
		`the break "watch" concerns watches, not the verb "get"`: {Verb: "get", Break: memory.BreakWatch},
	} {
		injected, err := s.Inject(fault)
		assert.Nil(t, injected, want)
		require.ErrorContains(t, err, "inject: "+want)
	}
	_, err := dyn(t, s).Resource(configMaps).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	assert.Empty(t, s.Requests()[0].Injected, "what is refused has no effect")
}

func TestFaultIsTaken(t *testing.T) {
	s := start(t, nil)
	for _, fault := range []memory.Fault{
		{}, {Rate: 1}, {Rate: 1e-9, Seed: 1}, {Verb: "post", Err: errors.New("closed")}, {Break: memory.EndWatch, Events: 2},
		{Verb: "watch", Break: memory.BreakWatch}, {Kind: "NotThereYet", After: 1, Times: 1, Latency: time.Second},
	} {
		inject(t, s, fault).Remove()
	}
}

func TestOptionsAreRefused(t *testing.T) {
	_, err := memory.New(&memory.Options{History: -1})
	require.ErrorContains(t, err, "start API server: History is -1: use a number of writes, or zero for 10,000")
}
