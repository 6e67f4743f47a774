// Command documents writes the OpenAPI v3 documents and the discovery documents of a Kubernetes release, without prose and
// compressed, into the folder that package internal/schema/embedded carries in the binary.
//
//	go run ./documents -version v1.37.1 -out ../schema/embedded/data
//
// It reads the folder api/ of the module k8s.io/kubernetes, which the Go module proxy serves, and compiles none of it. The
// output depends on nothing but the version.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/setpoint-dev/setpoint/internal/gen/pack"
)

func main() {
	log.SetFlags(0)
	version := flag.String("version", "", "the release, such as v1.37.1")
	out := flag.String("out", "", "the folder to write to")
	flag.Parse()
	if *version == "" || *out == "" {
		log.Fatal("documents: -version and -out are required")
	}
	if err := run(*version, *out); err != nil {
		log.Fatalf("documents: %v", err)
	}
}

func run(version, out string) error {
	dir, err := module("k8s.io/kubernetes@" + version)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "api", "openapi-spec", "v3", "*_openapi.json"))
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(out, "*.gz"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	for _, file := range files {
		group, apiVersion, ok := groupVersion(filepath.Base(file))
		if !ok {
			continue
		}
		doc, err := document(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		name := group + "_" + apiVersion
		if err := write(filepath.Join(out, name+".openapi.json.gz"), doc); err != nil {
			return err
		}
		resources, err := discovery(filepath.Join(dir, "api", "discovery"), group, apiVersion)
		if err != nil {
			return fmt.Errorf("discovery of %s/%s: %w", group, apiVersion, err)
		}
		if err := write(filepath.Join(out, name+".resources.json.gz"), resources); err != nil {
			return err
		}
	}
	return nil
}

// module returns the folder of a module's source, downloading it when need be.
func module(at string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", at)
	cmd.Stderr = os.Stderr
	data, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("download %s: %w", at, err)
	}
	var answer struct{ Dir string }
	if err := json.Unmarshal(data, &answer); err != nil {
		return "", err
	}
	return answer.Dir, nil
}

// groupVersion reads the group and version from a name such as "apis__apps__v1_openapi.json". Documents of a group, of
// /version and the like belong to no group version.
func groupVersion(name string) (group, version string, ok bool) {
	parts := strings.Split(strings.TrimSuffix(name, "_openapi.json"), "__")
	switch {
	case len(parts) == 2 && parts[0] == "api":
		return "core", parts[1], true
	case len(parts) == 3 && parts[0] == "apis":
		return parts[1], parts[2], true
	}
	return "", "", false
}

func discovery(dir, group, version string) ([]byte, error) {
	name := "apis__" + group + "__" + version + ".json"
	if group == "core" {
		name = "api__" + version + ".json"
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}

func write(file string, data []byte) error {
	packed, err := pack.Bytes(data)
	if err != nil {
		return err
	}
	return os.WriteFile(file, packed, 0o644)
}
