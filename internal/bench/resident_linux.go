package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// childrenRunning returns the processes that this one has started and whose first argument is one of the parts.
func childrenRunning(parts ...string) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var out []int
	for _, stat := range stats {
		content, err := os.ReadFile(stat)
		if err != nil {
			continue // It has gone.
		}
		_, rest, _ := strings.Cut(string(content), ") ") // before that is the name of the program
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		line, err := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		if err != nil {
			continue
		}
		args := strings.Split(string(line), "\x00")
		if len(args) < 2 || !slices.Contains(parts, args[1]) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil {
			return nil, err
		}
		out = append(out, pid)
	}
	return out, nil
}

// resident returns the megabytes of memory that processes have resident.
func resident(pids []int) (float64, error) {
	var pages int64
	for _, pid := range pids {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if err != nil {
			return 0, err
		}
		var size, resident int64
		if _, err := fmt.Sscan(string(content), &size, &resident); err != nil {
			return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
		pages += resident
	}
	return float64(pages) * float64(os.Getpagesize()) / (1 << 20), nil
}
