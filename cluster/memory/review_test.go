package memory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

func TestWhoIsImpersonated(t *testing.T) {
	who := rest.ImpersonationConfig{
		UserName: "ann", UID: "17", Groups: []string{"ops"},
		Extra: map[string][]string{"example.com/team": {"a", "b"}},
	}
	ask := func(t *testing.T, config *rest.Config) authenticationv1.UserInfo {
		config.Impersonate = who
		client, err := kubernetes.NewForConfig(config)
		require.NoError(t, err)
		review, err := client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		require.NoError(t, err)
		return review.Status.UserInfo
	}
	want := authenticationv1.UserInfo{
		Username: "ann", UID: "17", Groups: []string{"ops", "system:authenticated"},
		Extra: map[string]authenticationv1.ExtraValue{"example.com/team": {"a", "b"}},
	}
	t.Run("memory", func(t *testing.T) {
		server, err := memory.New(nil)
		require.NoError(t, err)
		defer server.Close()
		assert.Equal(t, want, ask(t, server.Config()))
	})
	t.Run("control plane", func(t *testing.T) {
		assert.Equal(t, want, ask(t, kubetest.Shared(t, nil).Config()))
	})
}
