package main

import (
	"errors"
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// janitor waits for the end of the parent and then removes the control plane's folder, which the parent can no longer do.
// The other parts end at the same moment but may still be creating files in it, so it tries again for a while. It ignores
// an interrupt from the terminal, which reaches the whole process group and would end it before its work.
func janitor(args []string) error {
	flags := flag.NewFlagSet("janitor", flag.ExitOnError)
	dir := flags.String("dir", "", "the folder to remove")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if !filepath.IsAbs(*dir) {
		return errors.New("-dir needs an absolute path")
	}
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	awaitParent()

	err := os.RemoveAll(*dir)
	for tries := 0; err != nil && tries < 50; tries++ {
		time.Sleep(100 * time.Millisecond)
		err = os.RemoveAll(*dir)
	}
	return err
}
