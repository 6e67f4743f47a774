package kube

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

// FromKubeconfig returns a client for a context of a kubeconfig file, by the rules of kubectl. An empty path means the
// files that $KUBECONFIG lists, else ~/.kube/config, else the service account of the pod that the program runs in. An empty
// context means the file's current one. It reads files and makes no request.
func FromKubeconfig(path, context string, opts *Options) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = path
	overrides := &clientcmd.ConfigOverrides{CurrentContext: context}
	cfg, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if err != nil {
		if path == "" {
			return nil, fmt.Errorf("kube: load the default kubeconfig: %w", err)
		}
		return nil, fmt.Errorf("kube: load kubeconfig %s: %w", path, err)
	}
	return New(cfg, opts)
}
