package wire

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/version"

	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// checks are what the server's health is made of. It stores in memory and has nothing else that could fail.
var checks = []string{"ping", "log", "etcd"}

func isHealth(path string) bool {
	root, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{"livez", "readyz", "healthz"}, root)
}

// serveHealth answers the paths of health checks, with one line a check when asked to.
func (c *call) serveHealth() {
	root, check, below := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	if below && !slices.Contains(checks, check) {
		sendError(c.w, format{}, errNoPath)
		return
	}
	text := "ok"
	if c.query.Has("verbose") && !below {
		text = ""
		for _, name := range checks {
			word := "ok"
			if slices.Contains(c.query["exclude"], name) {
				word = "excluded: ok"
			}
			text += fmt.Sprintf("[+]%s %s\n", name, word)
		}
		text += root + " check passed\n"
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = c.w.Write([]byte(text)) // A client that went away cannot be told.
}

// sendVersion answers which release the server is like.
func (c *call) sendVersion() {
	major, rest, _ := strings.Cut(strings.TrimPrefix(embedded.Version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	var number int
	_, _ = fmt.Sscan(minor, &number) // the embedded documents' version has one
	info := version.Info{
		Major: major, Minor: minor, EmulationMajor: major, EmulationMinor: minor,
		MinCompatibilityMajor: major, MinCompatibilityMinor: fmt.Sprint(number - 1),
		GitVersion: embedded.Version, GitTreeState: "clean", BuildDate: "1970-01-01T00:00:00Z",
		GoVersion: cmp.Or(runtime.Version(), "go"), Compiler: runtime.Compiler, Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	data, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return // a struct of strings can be written
	}
	c.w.Header().Set("Content-Type", mediaJSON)
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(data)
}
