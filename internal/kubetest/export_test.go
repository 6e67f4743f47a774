package kubetest

import "context"

// Dir returns the folder of a control plane, and Pids the processes that it consists of.
func (c *ControlPlane) Dir() string { return c.dir }

func (c *ControlPlane) Pids() []int {
	var pids []int
	for _, p := range c.parts {
		pids = append(pids, p.cmd.Process.Pid)
	}
	return pids
}

// Lock takes the lock under which the binary is built.
func Lock(ctx context.Context, path string) (func(), error) { return lock(ctx, path) }

// BuildKey is the digest that names the binary of a source folder.
func BuildKey(source string) (string, error) { return buildKey(source) }

// Compile builds the binary from a source folder, and ErrNoBuild marks a machine that cannot.
func Compile(ctx context.Context, source, binary string) error { return compile(ctx, source, binary) }

var ErrNoBuild = errNoBuild
