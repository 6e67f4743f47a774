package kubetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// flags build a binary without what only a debugger needs. Clients parse the version, so it has to be set.
var flags = []string{
	"-trimpath", "-buildvcs=false",
	"-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=" + Version,
}

// errNoBuild marks a machine that cannot build the control plane, as against a control plane that does not build.
var errNoBuild = errors.New("the control plane cannot be built here")

// Build returns the path of the control plane's binary and builds it first when this machine does not have it yet, which
// takes minutes (see the package doc). Of several processes that call it one builds and the others wait, until ctx ends.
func Build(ctx context.Context) (string, error) {
	source, err := sourceDir(ctx)
	if err != nil {
		return "", err
	}
	key, err := buildKey(source)
	if err != nil {
		return "", fmt.Errorf("hash the control plane's sources: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "setpoint")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "controlplane-"+key)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if isBuilt(binary) {
		return binary, nil
	}

	unlock, err := lock(ctx, filepath.Join(dir, "controlplane.lock"))
	if err != nil {
		return "", fmt.Errorf("wait for another process that builds the control plane: %w", err)
	}
	defer unlock()
	if isBuilt(binary) {
		return binary, nil
	}
	if err := compile(ctx, source, binary); err != nil {
		return "", err
	}
	removeStale(dir, binary)
	return binary, nil
}

// isBuilt also marks the binary as used, for removeStale.
func isBuilt(binary string) bool {
	now := time.Now()
	return os.Chtimes(binary, now, now) == nil
}

// compile builds beside the binary and renames, so that a build cut short never passes for a finished one. What a killed
// build has compiled stays in Go's build cache.
func compile(ctx context.Context, source, binary string) error {
	unfinished := binary + ".building"
	defer os.Remove(unfinished)
	args, forget, err := withOwnModfile(source, binary)
	defer forget()
	if err != nil {
		return fmt.Errorf("build the control plane from %s: %w", source, err)
	}
	args = append(append(append([]string{"build"}, flags...), args...), "-o", unfinished, ".")
	if err := goCommand(ctx, source, args...); err != nil {
		return fmt.Errorf("build the control plane from %s: %w", source, err)
	}
	return os.Rename(unfinished, binary)
}

// withOwnModfile lets the build complete a copy of go.mod: the SDK is one of its modules, and a requirement that has moved there
// a moment ago is no reason not to build.
func withOwnModfile(source, binary string) (args []string, forget func(), err error) {
	mod, sum := binary+".mod", binary+".sum"
	forget = func() {
		_ = os.Remove(mod)
		_ = os.Remove(sum)
	}
	for from, to := range map[string]string{"go.mod": mod, "go.sum": sum} {
		content, err := os.ReadFile(filepath.Join(source, from))
		if errors.Is(err, os.ErrNotExist) && from == "go.sum" {
			continue
		}
		if err != nil {
			return nil, forget, err
		}
		if err := os.WriteFile(to, content, 0o644); err != nil {
			return nil, forget, err
		}
	}
	return []string{"-mod=mod", "-modfile=" + mod}, forget, nil
}

func goCommand(ctx context.Context, dir string, args ...string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	cmd.Stderr = &output
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("go %s: %w", args[0], context.Cause(ctx))
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%w: %w", errNoBuild, err)
	case output.Len() == 0:
		return fmt.Errorf("go %s: %w", args[0], err)
	case isOffline(output.String()):
		return fmt.Errorf("%w: go %s: %w:\n%s", errNoBuild, args[0], err, tail(output.String(), 5))
	default:
		return fmt.Errorf("go %s: %w:\n%s", args[0], err, tail(output.String(), 20))
	}
}

// isOffline tells from the go command's complaints that it cannot fetch a module. It has no exit code of its own for that.
func isOffline(output string) bool {
	for _, sign := range []string{"dial tcp", "proxyconnect", "i/o timeout", "TLS handshake", "GOPROXY=off"} {
		if strings.Contains(output, sign) {
			return true
		}
	}
	return false
}

// sourceDir finds the nested module: beside this file, or, when -trimpath has removed that path, in the main module that
// the go command reports for the working directory.
func sourceDir(ctx context.Context) (string, error) {
	_, file, _, _ := runtime.Caller(0)
	if dir := filepath.Join(filepath.Dir(file), "..", "controlplane"); filepath.IsAbs(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/setpoint-dev/setpoint").Output()
	if err != nil {
		return "", fmt.Errorf("%w: find its sources: go list: %w", errNoBuild, err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "internal", "controlplane"), nil
}

// sdk are the packages of the SDK that the binary contains, beside its own module.
var sdk = []string{"podlife"}

// buildKey is a digest of everything that the binary depends on.
func buildKey(source string) (string, error) {
	folders := []string{source}
	for _, name := range sdk {
		folders = append(folders, filepath.Join(filepath.Dir(source), name))
	}
	var files []string
	for i, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := entry.Name()
			if name == "go.mod" || name == "go.sum" || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				files = append(files, path)
			}
			return nil
		})
		if err != nil && (i == 0 || !errors.Is(err, os.ErrNotExist)) {
			return "", err
		}
	}
	slices.Sort(files)

	digest := sha256.New()
	fmt.Fprintln(digest, runtime.Version(), runtime.GOOS, runtime.GOARCH, flags)
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(digest, filepath.ToSlash(name), len(content))
		_, _ = io.Copy(digest, bytes.NewReader(content))
	}
	return fmt.Sprintf("%x", digest.Sum(nil)[:8]), nil
}

// removeStale deletes binaries that nothing has used for a month. Each is 130 MB.
func removeStale(dir, keep string) {
	old, _ := filepath.Glob(filepath.Join(dir, "controlplane-*"))
	for _, path := range old {
		info, err := os.Stat(path)
		if err == nil && path != keep && time.Since(info.ModTime()) > 30*24*time.Hour {
			_ = os.Remove(path)
		}
	}
}

// tail returns the last n lines of a text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
