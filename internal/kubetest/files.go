package kubetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// egressConfiguration sends what the API server dials inside the cluster through our proxy.
const egressConfiguration = `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      uds:
        udsName: %s
`

// writeFiles creates the certificate authority and the files that the parts read, and returns the bearer tokens: those of
// the administrator ("admin") and of the parts that are clients.
func (c *ControlPlane) writeFiles() (tokens map[string]string, err error) {
	if c.authority, err = newAuthority(); err != nil {
		return nil, err
	}
	server, err := c.authority.server()
	if err != nil {
		return nil, err
	}
	_, accounts, err := newKey()
	if err != nil {
		return nil, err
	}

	tokens = make(map[string]string)
	var table strings.Builder
	for part, user := range map[string]string{
		"admin":                   "setpoint-admin",
		"kube-controller-manager": "system:kube-controller-manager",
		"simulator":               "setpoint-simulator",
	} {
		tokens[part] = newToken()
		fmt.Fprintf(&table, "%s,%s,%s,system:masters\n", tokens[part], user, user)
	}
	for name, content := range map[string][]byte{
		"ca.crt":              c.authority.pem,
		"apiserver.crt":       server.cert,
		"apiserver.key":       server.key,
		"service-account.key": accounts,
		"tokens.csv":          []byte(table.String()),
		"egress.yaml":         fmt.Appendf(nil, egressConfiguration, filepath.Join(c.dir, "egress.sock")),
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func (c *ControlPlane) apiserverFlags() []string {
	file := func(name string) string { return filepath.Join(c.dir, name) }
	return []string{
		"--etcd-servers=http://" + c.etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(c.port),
		"--tls-cert-file=" + file("apiserver.crt"),
		"--tls-private-key-file=" + file("apiserver.key"),
		"--client-ca-file=" + file("ca.crt"),
		"--token-auth-file=" + file("tokens.csv"),
		"--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + file("service-account.key"),
		"--service-account-signing-key-file=" + file("service-account.key"),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--egress-selector-config-file=" + file("egress.yaml"),
		"--endpoint-reconciler-type=none", // a loopback address is no valid endpoint
		"--allow-privileged",
		"--profiling=false",
	}
}

// controllerFlags turn off what needs real nodes: the lifecycle of a node (ours send no heartbeats) and its network. The
// controllers act under their own service accounts, as in a production cluster.
func (c *ControlPlane) controllerFlags(kubeconfig string) []string {
	file := func(name string) string { return filepath.Join(c.dir, name) }
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		"--secure-port=0",
		"--leader-elect=false",
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + file("service-account.key"),
		"--root-ca-file=" + file("ca.crt"),
		"--controllers=*,-node-lifecycle-controller,-node-ipam-controller,-persistentvolume-attach-detach-controller",
		"--kube-api-qps=2000",
		"--kube-api-burst=4000",
		"--concurrent-namespace-syncs=20",
		"--concurrent-deployment-syncs=20",
		"--concurrent-replicaset-syncs=20",
		"--concurrent-statefulset-syncs=20",
		"--concurrent-job-syncs=20",
		"--concurrent-serviceaccount-token-syncs=20",
		"--pvclaimbinder-sync-period=1s",
		"--profiling=false",
	}
}

// writeKubeconfig writes a kubeconfig file whose only context is the configuration's server and bearer token.
func writeKubeconfig(path string, config *rest.Config) error {
	const name = "setpoint-test"
	file := clientcmdapi.NewConfig()
	file.Clusters[name] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	file.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: config.BearerToken}
	file.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	file.CurrentContext = name
	return clientcmd.WriteToFile(*file, path)
}
