//go:build !linux

package main

import (
	"errors"
	"time"
)

var errNoProc = errors.New("what processes use is read on Linux only: leave rates and memory out with -only, or peers with -peers=false")

func childrenRunning(...string) ([]int, error) { return nil, errNoProc }

func resident([]int) (float64, error) { return 0, errNoProc }

func processorTime([]int) (time.Duration, error) { return 0, errNoProc }

var began = time.Now()

// ownTime is the time that has gone by where nothing better is known.
func ownTime() (time.Duration, error) { return time.Since(began), nil }
