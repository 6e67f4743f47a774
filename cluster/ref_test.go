package cluster_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

func TestRefString(t *testing.T) {
	for want, ref := range map[string]cluster.Ref{
		"Deployment apps/web":                {Group: "apps", Kind: "Deployment", Namespace: "apps", Name: "web"},
		"Namespace apps":                     {Kind: "Namespace", Name: "apps"},
		"ClusterRole admin":                  {Group: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "admin"},
		"Certificate.cert-manager.io apps/c": {Group: "cert-manager.io", Kind: "Certificate", Namespace: "apps", Name: "c"},
		"ConfigMap":                          {Kind: "ConfigMap"},
		"ConfigMap apps/":                    {Kind: "ConfigMap", Namespace: "apps"},
		"":                                   {},
		"Service.serving.knative.dev apps/s": {Group: "serving.knative.dev", Kind: "Service", Namespace: "apps", Name: "s"},
	} {
		assert.Equal(t, want, ref.String())
	}
}

func TestRefJSON(t *testing.T) {
	ref := cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "n", Name: "web"}
	data, err := json.Marshal(ref)
	require.NoError(t, err)
	assert.JSONEq(t, `{"group":"apps","kind":"Deployment","namespace":"n","name":"web"}`, string(data))
	var back cluster.Ref
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, ref, back)
}

func TestRefOfAnything(t *testing.T) {
	assert.Equal(t, cluster.Ref{}, cluster.RefOf(&unstructured.Unstructured{}))
	odd := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "a/b/c", "kind": 3, "metadata": "x"}}
	assert.NotPanics(t, func() { cluster.RefOf(odd) })
}

func TestOriginString(t *testing.T) {
	for want, origin := range map[string]cluster.Origin{
		"":                              {},
		"web.yaml":                      {File: "web.yaml"},
		"web.yaml:12":                   {File: "web.yaml", Document: 2, Line: 12},
		"web.yaml:12 via overlays/prod": {File: "web.yaml", Line: 12, Via: "overlays/prod"},
		"via overlays/prod":             {Via: "overlays/prod"},
	} {
		assert.Equal(t, want, origin.String())
	}
}
