// Command serve runs a control plane in the foreground and prints the path of its kubeconfig file, for trying programs by
// hand without a cluster:
//
//	go run ./internal/kubetest/serve
//
// It ends on an interrupt, and when its standard input is a pipe that closes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

func main() {
	controllers := flag.Bool("controllers", true, "run kube-controller-manager and the simulator of nodes and pods")
	build := flag.Bool("build", false, "only build the control plane's binary, so that no test has to wait for it")
	flag.Parse()
	if err := run(*controllers, *build); err != nil {
		fmt.Fprintf(os.Stderr, "serve: %v\n", err)
		os.Exit(1)
	}
}

func run(controllers, build bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if build {
		_, err := kubetest.Build(ctx)
		return err
	}
	fmt.Fprintln(os.Stderr, "starting a control plane; when it has to be built first this takes minutes")
	c, err := kubetest.Run(ctx, &kubetest.Options{Controllers: controllers})
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println(c.Kubeconfig())

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if isPipe(os.Stdin) {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	<-ctx.Done()
	return nil
}

// isPipe tells a pipe, whose end means something, from a terminal and from /dev/null.
func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}
