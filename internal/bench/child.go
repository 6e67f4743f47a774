package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// childVariable, when set, makes a new process of this program take one measure and print it, for what can be seen only
// once in the life of a process.
const childVariable = "SETPOINT_BENCH_CHILD"

// children are the measures that run in a process of their own.
var children = map[string]measure{
	"ready": newServer,
}

// serveChild does a child's work and reports whether this process is one.
func serveChild() bool {
	name := os.Getenv(childVariable)
	if name == "" {
		return false
	}
	work, ok := children[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "bench: no measure %q for a process of its own\n", name)
		os.Exit(1)
	}
	figure, err := work(context.Background())
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
	fmt.Println(figure)
	return true
}

// inChild takes a measure in a fresh process.
func inChild(name string) measure {
	return func(ctx context.Context) (float64, error) {
		self, err := os.Executable()
		if err != nil {
			return 0, err
		}
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), childVariable+"="+name)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return 0, fmt.Errorf("measure %s in a fresh process: %w", name, err)
		}
		return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	}
}
