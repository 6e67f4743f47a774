package memory_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/record"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// A recorder of core events creates one for the first occurrence and counts the next ones on it.
func TestEventRecorder(t *testing.T) {
	bubble(t, nil, func(t *testing.T, s *memory.Server) {
		client := typed(t, s)
		ctx := t.Context()
		web, err := client.AppsV1().Deployments("default").Apply(ctx, webConfiguration("example.org/web:1"), metav1.ApplyOptions{FieldManager: "ours"})
		require.NoError(t, err)
		broadcaster := record.NewBroadcaster(record.WithContext(ctx))
		defer broadcaster.Shutdown()
		broadcaster.StartRecordingToSink(&typedcore.EventSinkImpl{Interface: client.CoreV1().Events("")})
		recorder := broadcaster.NewRecorder(scheme.Scheme, core.EventSource{Component: "tester"})
		for range 3 {
			recorder.Event(web, core.EventTypeWarning, "Wobbly", "it wobbles")
			synctest.Wait()
			time.Sleep(time.Second) // of the bubble
		}
		synctest.Wait()
		list, err := client.CoreV1().Events("default").List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=web,reason=Wobbly"})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		event := list.Items[0]
		assert.EqualValues(t, 3, event.Count)
		assert.Equal(t, web.UID, event.InvolvedObject.UID)
		assert.Equal(t, "tester", event.Source.Component)
		assert.Equal(t, 2*time.Second, event.LastTimestamp.Sub(event.FirstTimestamp.Time))
	})
}

// The newer recorder keeps a series.
func TestEventSeriesRecorder(t *testing.T) {
	bubble(t, nil, func(t *testing.T, s *memory.Server) {
		client := typed(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		web, err := client.AppsV1().Deployments("default").Apply(ctx, webConfiguration("example.org/web:1"), metav1.ApplyOptions{FieldManager: "ours"})
		require.NoError(t, err)
		broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
		require.NoError(t, broadcaster.StartRecordingToSinkWithContext(ctx))
		defer func() {
			cancel()
			broadcaster.Shutdown()
		}()
		recorder := broadcaster.NewRecorder(scheme.Scheme, "example.org/tester")
		for range 3 {
			recorder.Eventf(web, nil, core.EventTypeNormal, "Scaled", "Scale", "to %d", 3)
			synctest.Wait()
		}
		time.Sleep(13 * time.Minute) // of the bubble: the count of a series is written when it has been quiet for six
		synctest.Wait()
		list, err := client.EventsV1().Events("default").List(ctx, metav1.ListOptions{})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		event := list.Items[0]
		assert.Equal(t, "Scaled", event.Reason)
		assert.Equal(t, "to 3", event.Note)
		require.NotNil(t, event.Series)
		assert.EqualValues(t, 3, event.Series.Count)
	})
}
