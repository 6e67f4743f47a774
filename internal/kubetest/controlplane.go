package kubetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Version is the Kubernetes version of the control plane.
const Version = "v1.37.1"

// Options choose what a control plane consists of. Nil means the zero value.
type Options struct {
	// Controllers adds kube-controller-manager and the simulator: workloads become ready, owners are garbage collected,
	// namespaces go away. Without them nothing but requests changes an object, which suits tests of the API's semantics.
	Controllers bool
}

// A ControlPlane is a running control plane, or an existing cluster that takes its place. Its methods are safe for
// concurrent use, besides Stop, Restart and Close.
type ControlPlane struct {
	config     *rest.Config // of an administrator, member of system:masters
	kubeconfig string       // path

	// The rest is unset for an existing cluster.
	binary, dir string
	authority   *authority
	port        int
	etcd        string     // host:port
	apiserver   *process   // also in parts
	parts       []*process // in the order of their start
}

// Run starts a control plane and returns when it serves, and with controllers when they work. The caller has to Close it;
// if the process ends without doing so the control plane ends as well. Tests call Start or Shared instead.
func Run(ctx context.Context, opts *Options) (*ControlPlane, error) {
	if opts == nil {
		opts = &Options{}
	}
	binary, err := Build(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "setpoint-controlplane-")
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{binary: binary, dir: dir, kubeconfig: filepath.Join(dir, "admin.kubeconfig")}
	if err := c.start(ctx, opts); err != nil {
		c.Close()
		return nil, fmt.Errorf("start a control plane: %w", err)
	}
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context, opts *Options) error {
	if err := c.spawn("janitor", "-dir", c.dir); err != nil {
		return err
	}
	tokens, err := c.writeFiles()
	if err != nil {
		return err
	}
	etcd, line, err := spawnAndRead(ctx, c.binary, c.dir, "etcd", "-dir", filepath.Join(c.dir, "etcd"))
	if err != nil {
		return err
	}
	c.parts = append(c.parts, etcd)
	c.etcd = strings.TrimPrefix(line, "client ")
	if err := c.spawn("egress", "-socket", filepath.Join(c.dir, "egress.sock")); err != nil {
		return err
	}

	if err := c.startOnFreePort(ctx, tokens["admin"]); err != nil {
		return err
	}
	if err := writeKubeconfig(c.kubeconfig, c.config); err != nil {
		return err
	}
	if !opts.Controllers {
		return nil
	}
	for _, part := range []string{"kube-controller-manager", "simulator"} {
		config := c.Config()
		config.BearerToken = tokens[part]
		kubeconfig := filepath.Join(c.dir, part+".kubeconfig")
		if err := writeKubeconfig(kubeconfig, config); err != nil {
			return err
		}
		args := []string{"-kubeconfig", kubeconfig}
		if part == "kube-controller-manager" {
			args = c.controllerFlags(kubeconfig)
		}
		if err := c.spawn(part, args...); err != nil {
			return err
		}
	}
	return c.awaitControllers(ctx)
}

// startOnFreePort starts the API server on a port that is free. It cannot be told to choose one itself, and whatever is
// free now may be taken when it binds, so a server that ends early for that reason is started again elsewhere.
func (c *ControlPlane) startOnFreePort(ctx context.Context, token string) error {
	for try := 0; ; try++ {
		port, err := freePort()
		if err != nil {
			return err
		}
		c.port = port
		c.config = &rest.Config{
			Host:            "https://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
			BearerToken:     token,
			TLSClientConfig: rest.TLSClientConfig{CAData: c.authority.pem},
			QPS:             -1,
		}
		err = c.startAPIServer(ctx)
		if err == nil || try == 10 || !strings.Contains(err.Error(), "address already in use") {
			return err
		}
	}
}

func (c *ControlPlane) startAPIServer(ctx context.Context) error {
	server, err := spawn(c.binary, c.dir, "kube-apiserver", nil, c.apiserverFlags()...)
	if err != nil {
		return err
	}
	if err := c.await(ctx, "/readyz", append(slices.Clone(c.parts), server)...); err != nil {
		server.kill()
		return err
	}
	c.apiserver = server
	c.parts = append(c.parts, server)
	return nil
}

func (c *ControlPlane) spawn(part string, args ...string) error {
	p, err := spawn(c.binary, c.dir, part, nil, args...)
	if err == nil {
		c.parts = append(c.parts, p)
	}
	return err
}

// Config returns the configuration of an administrator's client. It does not limit its rate. The copy is the caller's.
func (c *ControlPlane) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Kubeconfig returns the path of a kubeconfig file for the same administrator. It exists as long as the control plane.
func (c *ControlPlane) Kubeconfig() string { return c.kubeconfig }

// User returns the configuration of a client that authenticates as a user who is a member of the groups given, and who
// may do what RBAC grants, which for a new name is nothing. In an existing cluster the administrator impersonates.
func (c *ControlPlane) User(name string, groups ...string) (*rest.Config, error) {
	config := c.Config()
	if c.authority == nil {
		config.Impersonate = rest.ImpersonationConfig{UserName: name, Groups: groups}
		return config, nil
	}
	pair, err := c.authority.user(name, groups)
	if err != nil {
		return nil, fmt.Errorf("issue a certificate for user %s: %w", name, err)
	}
	config.BearerToken = ""
	config.CertData, config.KeyData = pair.cert, pair.key
	return config, nil
}

// Stop ends the API server at once, as a crash would; open requests and watches break. Everything stored stays.
func (c *ControlPlane) Stop() {
	c.apiserver.kill()
	c.parts = slices.DeleteFunc(c.parts, func(p *process) bool { return p == c.apiserver })
}

// Restart starts the API server again, at the same address and with the same objects, and returns when it serves.
func (c *ControlPlane) Restart(ctx context.Context) error {
	if !c.apiserver.ended() {
		return errors.New("restart the API server: it is running")
	}
	if err := c.startAPIServer(ctx); err != nil {
		return fmt.Errorf("restart the API server: %w", err)
	}
	return nil
}

// Close ends all parts and removes their folder. An existing cluster is left as it is.
func (c *ControlPlane) Close() {
	for i := len(c.parts) - 1; i > 0; i-- {
		c.parts[i].kill()
	}
	if c.dir != "" {
		_ = os.RemoveAll(c.dir)
	}
	if len(c.parts) > 0 { // the janitor, last, so that the folder goes even if this process is killed meanwhile
		c.parts[0].kill()
	}
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func newToken() string { return rand.Text() + rand.Text() }

// existing returns the cluster of a kubeconfig file.
func existing(path string) (*ControlPlane, error) {
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("read the cluster of %s: %w", kubeconfigVariable, err)
	}
	config.QPS = -1
	return &ControlPlane{config: config, kubeconfig: path}, nil
}
