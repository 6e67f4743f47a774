package memory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		s, err := memory.New(nil)
		require.NoError(b, err)
		s.Close()
	}
}

// Applies of a ConfigMap of one kilobyte, each of which changes it.
func BenchmarkApply(b *testing.B) {
	s, err := memory.New(nil)
	require.NoError(b, err)
	defer s.Close()
	client, err := dynamic.NewForConfig(s.Config())
	require.NoError(b, err)
	c := client.Resource(configMaps).Namespace("default")
	filler := strings.Repeat("x", 1000)
	i := 0
	for b.Loop() {
		i++
		_, err := c.Apply(b.Context(), "a", configMap("a", map[string]any{"filler": filler, "n": fmt.Sprint(i)}), metav1.ApplyOptions{FieldManager: "m"})
		require.NoError(b, err)
	}
}
