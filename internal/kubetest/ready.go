package kubetest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// awaitControllers returns when the controllers and the simulator have made what every cluster has.
func (c *ControlPlane) awaitControllers(ctx context.Context) error {
	for _, path := range []string{
		"/api/v1/nodes/node-1",
		"/api/v1/nodes/node-2",
		"/apis/storage.k8s.io/v1/storageclasses/standard",
		"/api/v1/namespaces/default/serviceaccounts/default",
		"/api/v1/namespaces/default/configmaps/kube-root-ca.crt",
	} {
		if err := c.await(ctx, path, c.parts...); err != nil {
			return err
		}
	}
	return nil
}

// await asks for a path until the answer is 200. It errs when one of the parts ends before that, or ctx
// does.
func (c *ControlPlane) await(ctx context.Context, path string, parts ...*process) error {
	client, err := rest.HTTPClientFor(c.config)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	client.Timeout = 2 * time.Second // whoever holds the port need not be our server, and need not answer
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	last := "no answer"
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.config.Host+path, nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err != nil {
			last = err.Error()
		} else {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			last = response.Status
		}
		for _, part := range parts {
			if part.ended() {
				return fmt.Errorf("%s ended (%s) before %s answered%s", part.part, part.cmd.ProcessState, path, part.logTail())
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s (last: %s): %w%s", path, last, context.Cause(ctx), parts[len(parts)-1].logTail())
		}
	}
}
