// Command quickstart keeps objects in a cluster as a Git repository says.
//
// Without flags it tells the story on a repository and an API server of its own, in a temporary folder and in this process:
//
//	go run ./examples/quickstart
//
// With -repo it does the same for that repository, or directory: it plans, prints the plan, carries it out, and waits for
// health. The cluster is the one of -kubeconfig or -context; without either, an API server in this process, which is a
// rehearsal that touches nothing.
//
//	go run ./examples/quickstart -repo https://example.com/team/apps.git -revision main -path prod -context staging -plan
//
// It ends with code 1 when anything failed, having pruned nothing then, and with 2 when it was called wrongly.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// flags are what the program was asked for.
type flags struct {
	repo, revision, path                  string
	kubeconfig, context                   string
	namespace, name                       string
	prune, watch, plan, force             bool
	deadline, patience, interval, refetch time.Duration
}

func parse(args []string, errOut io.Writer) (flags, error) {
	var f flags
	set := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	set.SetOutput(io.Discard) // Whoever calls says what is wrong, once.
	set.StringVar(&f.repo, "repo", "", "Git repository (URL or path), or a plain directory; none: the story")
	set.StringVar(&f.revision, "revision", "", "branch, tag or commit; none: the repository's HEAD")
	set.StringVar(&f.path, "path", "", "directory inside the repository")
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file of the cluster")
	set.StringVar(&f.context, "context", "", "context in the kubeconfig")
	set.StringVar(&f.namespace, "namespace", "default", "namespace of the inventory, and of objects that name none")
	set.StringVar(&f.name, "name", "quickstart", "name of the inventory: one for each set of objects")
	set.BoolVar(&f.prune, "prune", false, "delete objects that left the repository")
	set.BoolVar(&f.watch, "watch", false, "go on: follow the repository and heal the cluster until interrupted")
	set.BoolVar(&f.plan, "plan", false, "print the plan and change nothing")
	set.BoolVar(&f.force, "force", false, "take fields back from other field managers")
	set.DurationVar(&f.deadline, "deadline", 5*time.Minute, "how long to wait for health")
	set.DurationVar(&f.patience, "patience", 30*time.Second, "how long to repeat a request that the server does not answer")
	set.DurationVar(&f.interval, "interval", 2*time.Second, "with -watch: time between looks at the cluster, which cost no request")
	set.DurationVar(&f.refetch, "refetch", 30*time.Second, "with -watch: time between looks at the repository")
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(errOut, "Usage of quickstart:")
		set.SetOutput(errOut)
		set.PrintDefaults()
		return f, err
	}
	if err != nil {
		return f, fmt.Errorf("%w; -h lists the flags", err)
	}
	switch {
	case set.NArg() > 0:
		return f, fmt.Errorf("unexpected argument %q", set.Arg(0))
	case f.repo == "" && set.NFlag() > 0:
		return f, errors.New("-repo is missing: the other flags are about it")
	case f.plan && f.watch:
		return f, errors.New("-plan and -watch exclude each other")
	}
	return f, nil
}

// run is the program, for main and for the tests.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	f, err := parse(args, errOut)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(errOut, "quickstart:", err)
		return 2
	}
	if f.repo == "" {
		err = demonstrate(ctx, out)
	} else {
		err = deliver(ctx, f, out)
	}
	if err != nil {
		fmt.Fprintln(errOut, "quickstart:", err)
		return 1
	}
	return 0
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
