package simulator

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Run simulates until the context ends, whose cause it returns. It makes its nodes and its StorageClass first and tries
// again while the API server does not answer, so the order in which the two start does not matter.
func Run(ctx context.Context, cfg *rest.Config) error {
	kubelet, err := client(cfg, "kubelet")
	if err != nil {
		return err
	}
	scheduler, err := client(cfg, "kube-scheduler")
	if err != nil {
		return err
	}
	provisioner, err := client(cfg, "volume-provisioner")
	if err != nil {
		return err
	}
	cloud, err := client(cfg, "cloud-controller-manager")
	if err != nil {
		return err
	}

	factory := informers.NewSharedInformerFactory(kubelet, 0)
	loops := []*loop{
		newVolumes(provisioner, factory).loop(),
		newBalancers(cloud, factory).loop(),
	}
	pods := newPods(kubelet, scheduler, factory)
	loops = append(loops, pods.loop())

	if err := retry(ctx, func(ctx context.Context) error {
		return errors.Join(makeNodes(ctx, kubelet), makeClass(ctx, provisioner))
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for _, l := range loops {
		go l.run(ctx)
	}
	<-ctx.Done()
	factory.Shutdown()
	return context.Cause(ctx)
}

// client returns a client whose user agent, and with it the field manager of what it writes, is that of the part it plays.
func client(cfg *rest.Config, agent string) (kubernetes.Interface, error) {
	cfg = rest.CopyConfig(cfg)
	cfg.UserAgent = agent
	cfg.QPS = -1
	return kubernetes.NewForConfig(cfg)
}

func retry(ctx context.Context, do func(context.Context) error) error {
	return wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return do(ctx) == nil, nil
	})
}
