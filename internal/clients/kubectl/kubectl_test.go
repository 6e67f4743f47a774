package kubectl_test

import (
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

var update = flag.Bool("update", false, "rewrite the transcripts of testdata from the real control plane")

// inMemory returns k for an API server in this process, behind a socket.
func inMemory(t *testing.T, k kubectl, name string) kubectl {
	t.Helper()
	s, err := memory.New(&memory.Options{Controllers: true})
	require.NoError(t, err)
	socket := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		socket.Close()
		assert.NoError(t, s.ControllerErrors())
	})
	config := api.NewConfig()
	config.Clusters["memory"] = &api.Cluster{Server: socket.URL}
	config.Contexts["memory"] = &api.Context{Cluster: "memory"}
	config.CurrentContext = "memory"
	k.kubeconfig = filepath.Join(t.TempDir(), "config")
	require.NoError(t, clientcmd.WriteToFile(*config, k.kubeconfig))
	return k.in(t, name)
}

// in returns k for a namespace that it creates.
func (k kubectl) in(t *testing.T, name string) kubectl {
	t.Helper()
	namespace := "kubectl-" + name
	k.dir = t.TempDir()
	require.Contains(t, k.run(t, "kubectl create namespace "+namespace), " created\n")
	k.namespace = namespace
	return k
}

// The transcripts are what kubectl says to the real control plane; on the server in the process it says the same.
func TestKubectl(t *testing.T) {
	if *update {
		t.Skip("the transcripts are being written")
	}
	for _, c := range cases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, c.run(t, inMemory(t, compiled(t), c.name)))
		})
	}
}

// The transcripts are true.
func TestKubectlOnTheRealControlPlane(t *testing.T) {
	plane := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	for _, c := range cases(t) {
		t.Run(c.name, func(t *testing.T) {
			k := compiled(t)
			k.kubeconfig = plane.Kubeconfig()
			got := c.run(t, k.in(t, c.name))
			if *update {
				c.save(t, got)
				return
			}
			assert.Equal(t, c.want, got)
		})
	}
}

var exit = regexp.MustCompile(`(?m)^(\$ .*|\(exit \d+\))$`)

// An installed kubectl of another version says it in its own words, and every command ends as it should.
func TestInstalledKubectl(t *testing.T) {
	k := installed(t)
	for _, c := range cases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			transcript := c.run(t, inMemory(t, k, c.name))
			want := strings.Join(exit.FindAllString(c.want, -1), "\n")
			if !assert.Equal(t, want, strings.Join(exit.FindAllString(transcript, -1), "\n")) && os.Getenv("CI") == "" {
				t.Log(transcript)
			}
		})
	}
}
