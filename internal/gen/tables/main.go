// Command tables writes what an OpenAPI document does not carry about the Go types behind Kubernetes' own kinds: the form in
// which each field is kept, and the defaults that a server gives it. Package internal/schema carries the result.
//
//	go run ./tables -out ../schema/tables.json.gz
//
// The forms are read from the types by reflection. The defaults come from running the server's own defaulting on every structure of every
// kind, each in turn empty inside the least object that holds it. A default that is not the same wherever its structure occurs is left out
// of the table and named on standard error: package internal/schema decides those in Go, and the test in this module compares the
// two on random objects.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"

	"github.com/setpoint-dev/setpoint/internal/gen/pack"
	"github.com/setpoint-dev/setpoint/internal/gen/scheme"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "", "the file to write")
	flag.Parse()
	if *out == "" {
		log.Fatal("tables: -out is required")
	}
	if err := run(*out); err != nil {
		log.Fatalf("tables: %v", err)
	}
}

func run(out string) error {
	data, err := build()
	if err != nil {
		return err
	}
	packed, err := pack.Bytes(data)
	if err != nil {
		return err
	}
	return os.WriteFile(out, packed, 0o644)
}

// build returns the table as JSON.
func build() ([]byte, error) {
	s, err := scheme.New()
	if err != nil {
		return nil, err
	}
	t := table{}
	roots := scheme.Kinds(s)
	for _, gvk := range roots {
		obj, err := s.New(gvk)
		if err != nil {
			return nil, err
		}
		t.add(typeOf(obj))
	}
	p := prober{scheme: s, table: t, seen: map[string]map[string]observation{}}
	for _, gvk := range roots {
		if err := p.probe(gvk); err != nil {
			return nil, err
		}
	}
	p.settle()
	return json.Marshal(t)
}
