package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
)

// options are the flags.
type options struct {
	runs  int
	only  string
	peers bool
	scale scale
}

// areas maps what can be named on the command line to what opens its cases.
var areas = map[string]func(options) *area{
	"diff":   diffArea,
	"memory": memoryArea,
}

func main() {
	if serveChild() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		}
		os.Exit(1)
	}
}

// run does what the arguments ask for: the table goes to out, what happens meanwhile to progress.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o := options{scale: full}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.IntVar(&o.runs, "runs", 5, "measure each case so many times")
	flags.StringVar(&o.only, "only", "", "run the cases whose names contain one of these comma-separated words")
	flags.BoolVar(&o.peers, "peers", true, "measure the peers too")
	known := strings.Join(slices.Sorted(maps.Keys(areas)), ", ")
	flags.Usage = func() {
		fmt.Fprintf(progress, "usage: bench [flags] area…; the areas are %s\n", known)
		flags.PrintDefaults()
	}
	names, err := parse(flags, args)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		flags.Usage()
		return errors.New("name an area")
	}
	for _, name := range names {
		if areas[name] == nil {
			return fmt.Errorf("no area %q: the areas are %s", name, known)
		}
	}
	fmt.Fprintf(out, "%s, %s/%s, %d CPUs\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, name := range names {
		if err := report(ctx, name, areas[name](o), o, out, progress); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// parse reads flags before, between and after the names of areas.
func parse(flags *flag.FlagSet, args []string) ([]string, error) {
	var names []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return names, nil
		}
		names, args = append(names, flags.Arg(0)), flags.Args()[1:]
	}
}
