package main

import (
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // a CronJob may name a time zone that the machine does not know

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

const parts = "etcd, egress, kube-apiserver, kube-controller-manager, simulator or janitor"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintf(os.Stderr, "controlplane: name a part: %s\n", parts)
		os.Exit(2)
	}
	part, args := os.Args[1], os.Args[2:]
	if part == "janitor" {
		exit(part, janitor(args))
	}
	go func() {
		awaitParent()
		os.Exit(0)
	}()
	switch part {
	case "etcd":
		exit(part, etcd(args))
	case "egress":
		exit(part, egress(args))
	case "kube-apiserver":
		os.Exit(run(apiserver.NewAPIServerCommand(), args))
	case "kube-controller-manager":
		os.Exit(run(controllermanager.NewControllerManagerCommand(), args))
	case "simulator":
		exit(part, simulate(args))
	default:
		fmt.Fprintf(os.Stderr, "controlplane: unknown part %q: use %s\n", part, parts)
		os.Exit(2)
	}
}

// awaitParent returns when the pipe on standard input closes. What follows is an immediate end, not an ordered shutdown:
// an API server that stops gracefully waits for its open watches, and nothing in a test's cluster outlives the test.
func awaitParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func run(cmd *cobra.Command, args []string) int {
	cmd.SetArgs(args)
	return cli.Run(cmd)
}

func exit(part string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "controlplane %s: %v\n", part, err)
		os.Exit(1)
	}
	os.Exit(0)
}
