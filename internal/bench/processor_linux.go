package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ownTime returns the processor time that this process has used.
func ownTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

// tick is the unit of times in /proc: USER_HZ, which is 100 on every architecture that Go knows.
const tick = time.Second / 100

// processorTime returns the processor time that processes have used.
func processorTime(pids []int) (time.Duration, error) {
	var sum time.Duration
	for _, pid := range pids {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(content), ") ") // before that is the name of the program
		fields := strings.Fields(rest)
		if len(fields) < 13 {
			return 0, fmt.Errorf("read the processor time of process %d: %d fields", pid, len(fields))
		}
		for _, f := range fields[11:13] { // in user and in system mode
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
			}
			sum += time.Duration(n) * tick
		}
	}
	return sum, nil
}
