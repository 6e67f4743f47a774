// Command kinds writes what OpenAPI and discovery do not carry about the kinds of Kubernetes: what an update may not change and
// what the server says then, what moves the generation, what a write to the object and one to its status leave alone, what
// the server fills in, and how updates and deletions go. Package internal/schema carries the result.
//
//	go run ./kinds -out ../schema/kinds.json.gz
//
// Nothing is read off the server's sources: the server's registries are built with storage in memory, given samples, and asked
// for one change at a time. A change counts when a new object may be like that, so that a refusal is one of the
// change and not of the value. What is refused for some changes at a path and not for others cannot be said of a
// path; it is named on standard error, and package internal/apiserver/strategy has it as code.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"log"
	"os"

	"github.com/setpoint-dev/setpoint/internal/gen/pack"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "", "the file to write")
	flag.Parse()
	if *out == "" {
		log.Fatal("kinds: -out is required")
	}
	all, err := probe()
	if err != nil {
		log.Fatalf("kinds: %v", err)
	}
	data, err := encode(all)
	if err != nil {
		log.Fatalf("kinds: %v", err)
	}
	if err := os.WriteFile(*out, data, 0o644); err != nil {
		log.Fatalf("kinds: %v", err)
	}
}

// probe finds the facts of every kind that the registry has.
func probe() ([]schema.Facts, error) {
	kinds, err := resources()
	if err != nil {
		return nil, err
	}
	given, err := samples()
	if err != nil {
		return nil, err
	}
	var out []schema.Facts
	var faults []error
	for _, r := range kinds {
		f, err := lab{r, given[r.Kind], map[string]bool{}}.facts()
		if err != nil {
			faults = append(faults, err)
		}
		out = append(out, f)
	}
	return out, errors.Join(faults...)
}

func encode(all []schema.Facts) ([]byte, error) {
	data, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return pack.Bytes(data)
}
