package diff_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/diff"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each case is a story: files named "apply manager" and "update manager" are written in turn, a minute apart; then "desired"
// is compared and printed.
func TestFprint(t *testing.T) {
	files, err := filepath.Glob("testdata/print/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			var s *store
			var desired string
			times := map[string]time.Time{}
			at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
			width := 0
			for _, f := range archive.Files {
				verb, manager, _ := strings.Cut(f.Name, " ")
				body := string(f.Data)
				at = at.Add(time.Minute)
				switch verb {
				case "apply":
					if s == nil {
						s = newStore(t, body)
					}
					s.apply(manager, body)
					times[manager] = at
				case "update":
					var patch map[string]any
					require.NoError(t, yaml.Unmarshal(f.Data, &patch))
					s.update(manager, func(obj map[string]any) { overlay(obj, object(t, body).Object) })
					times[manager] = at
				case "desired":
					desired = body
				case "narrow":
					width = 48
				}
			}
			var live *unstructured.Unstructured
			if s != nil {
				live = s.live()
				fields := live.GetManagedFields()
				for i, e := range fields {
					when := metav1.NewTime(times[e.Manager])
					fields[i].Time = &when
				}
				live.SetManagedFields(fields)
			}
			out := compare(t, desired, live)
			var b strings.Builder
			require.NoError(t, diff.Fprint(&b, out, &diff.PrintOptions{Width: width}))
			for line := range strings.Lines(b.String()) {
				limit := 160
				if width > 0 {
					limit = width
				}
				assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), limit)
			}
			last := &archive.Files[len(archive.Files)-1]
			require.Equal(t, "printed", last.Name)
			if *update {
				last.Data = []byte(b.String())
				require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
				return
			}
			assert.Equal(t, string(last.Data), b.String())
		})
	}
}

func overlay(into, from map[string]any) {
	for k, v := range from {
		m, ok := v.(map[string]any)
		old, had := into[k].(map[string]any)
		if ok && had {
			overlay(old, m)
			continue
		}
		into[k] = v
	}
}
