//go:build !linux

package main

import "errors"

var errNoProc = errors.New("the memory of other processes is read on Linux only: leave this case out with -only, or peers with -peers=false")

func childrenRunning(...string) ([]int, error) { return nil, errNoProc }

func resident([]int) (float64, error) { return 0, errNoProc }
