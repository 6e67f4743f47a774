package apiserver

import "fmt"

// expired is the message for a version that is gone from the log.
func expired(version, current uint64) string {
	return fmt.Sprintf("too old resource version: %d (%d)", version, current)
}
