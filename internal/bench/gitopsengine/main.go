package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// request asks for one measure.
type request struct {
	// Desired and Live name files in the folder, lists of as many objects in the same order.
	Desired, Live string
	// Structured asks for the mode that merges as a server does.
	Structured bool
	// Passes is how often all objects are compared.
	Passes int
}

// response is what was measured, of all passes together.
type response struct {
	// Compared is how many objects were compared, Modified how many of them differ by the peer's account.
	Compared, Modified int
	// Time is the processor time in nanoseconds, Allocations and Bytes what was allocated.
	Time, Allocations, Bytes int64
	// Held is how many bytes the results of the last pass take.
	Held int64
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gitopsengine folder")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "gitopsengine: %v\n", err)
		os.Exit(1)
	}
}

// serve answers requests until there are no more.
func serve(folder string, in io.Reader, out io.Writer) error {
	p, err := newPeer(folder)
	if err != nil {
		return err
	}
	requests, responses := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var r request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		answer, err := p.measure(r)
		if err != nil {
			return err
		}
		if err := responses.Encode(answer); err != nil {
			return err
		}
	}
}
