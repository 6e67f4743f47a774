// Command preview shows what a change of manifests would change, as Markdown for a comment on a pull request. It needs no cluster:
//
//	go run ./examples/preview -before deploy-main -after deploy-branch
//	go run ./examples/preview -repo https://example.com/team/apps.git -from main -to feature -path prod
//
// With -kubeconfig or -context it compares what is desired with what runs instead, and with -confirm it also has the server try what
// differs: the report then shows what webhooks add, and what would be refused. It ends with code 1 when anything failed, and with
// 2 when it was called wrongly.
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
)

// flags are what the program was asked for.
type flags struct {
	before, after       string
	repo, from, to      string
	path                string
	kubeconfig, context string
	namespace, title    string
	limit               int
	confirm             bool
}

var errUsage = errors.New("give -before and -after, or -repo with -to and, without a cluster, -from; -confirm needs a cluster")

func parse(args []string) (flags, error) {
	var f flags
	set := flag.NewFlagSet("preview", flag.ContinueOnError)
	set.SetOutput(io.Discard) // Whoever calls says what is wrong, once.
	set.StringVar(&f.before, "before", "", "directory of the manifests as they are")
	set.StringVar(&f.after, "after", "", "directory of the manifests as they are to be")
	set.StringVar(&f.repo, "repo", "", "Git repository (URL or path) that has both revisions")
	set.StringVar(&f.from, "from", "", "with -repo: the revision as it is")
	set.StringVar(&f.to, "to", "", "with -repo: the revision as it is to be")
	set.StringVar(&f.path, "path", "", "directory inside of what is given")
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file of a cluster: compare with what runs in it")
	set.StringVar(&f.context, "context", "", "context in the kubeconfig")
	set.StringVar(&f.namespace, "namespace", "default", "namespace of objects that name none")
	set.StringVar(&f.title, "title", "Preview", "heading")
	set.BoolVar(&f.confirm, "confirm", false, "with a cluster: have the server try, by dry runs, what differs")
	set.IntVar(&f.limit, "limit", 0, "bytes that the text may have; 0 means 60,000")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	live := f.kubeconfig != "" || f.context != ""
	dirs, revisions := f.after != "" && (live || f.before != ""), f.repo != "" && f.to != "" && (live || f.from != "")
	if dirs == revisions || set.NArg() > 0 || f.confirm && !live {
		return f, errUsage
	}
	return f, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	f, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "preview:", err)
		os.Exit(2)
	}
	if err := run(ctx, f, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "preview:", err)
		os.Exit(1)
	}
}
