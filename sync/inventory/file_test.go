package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

func newFile(t *testing.T) (*inventory.File, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.json")
	f, err := inventory.NewFile(path, "shop")
	require.NoError(t, err)
	return f, path
}

func TestFileKeepsARecord(t *testing.T) {
	f, path := newFile(t)
	r, err := f.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &setsync.Record{}, r)
	a := setsync.Member{Ref: cluster.Ref{Kind: "ConfigMap", Namespace: "n", Name: "a"}, UID: "1"}
	b := setsync.Member{Ref: cluster.Ref{Kind: "ConfigMap", Namespace: "n", Name: "b"}}
	r.Members, r.Operation = []setsync.Member{b, a}, &setsync.Operation{ID: "x", Hooks: []setsync.HookRun{{Step: "s", UID: "u", Outcome: setsync.HookHasSucceeded}}}
	require.NoError(t, f.Save(t.Context(), r))
	got, err := f.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []setsync.Member{a, b}, got.Members)
	assert.Equal(t, r.Operation, got.Operation)
	assert.Equal(t, r.Version, got.Version)

	old := *got
	for range 40 {
		require.NoError(t, f.Save(t.Context(), got))
	}
	files, err := filepath.Glob(path + ".*")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(files), 10, "old versions go: %v", files)
	require.ErrorIs(t, f.Save(t.Context(), &old), cluster.ErrConflict)
	require.ErrorIs(t, f.Save(t.Context(), &setsync.Record{}), cluster.ErrConflict, "who has not loaded it does not overwrite it")
	require.ErrorIs(t, f.Save(t.Context(), &setsync.Record{Version: "odd"}), cluster.ErrConflict)
}

// Of many that save at once, one for each version succeeds, and no change of those gets lost.
func TestFileSavesOneAtATime(t *testing.T) {
	f, path := newFile(t)
	var saved atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			own, err := inventory.NewFile(path, "shop")
			if !assert.NoError(t, err) {
				return
			}
			for n := range 10 {
				r, err := own.Load(t.Context())
				if !assert.NoError(t, err) {
					return
				}
				r.Members = append(slices.Clone(r.Members), setsync.Member{Ref: cluster.Ref{Kind: "ConfigMap", Name: fmt.Sprintf("%d-%d", i, n)}})
				switch err := own.Save(t.Context(), r); {
				case err == nil:
					saved.Add(1)
				case !errors.Is(err, cluster.ErrConflict):
					assert.NoError(t, err)
				}
			}
		})
	}
	wg.Wait()
	r, err := f.Load(t.Context())
	require.NoError(t, err)
	assert.Len(t, r.Members, int(saved.Load()))
	assert.Positive(t, saved.Load())
}

// What cannot be read is an error and never an empty record; what a writer that died left behind is not a record.
func TestFileThatCannotBeRead(t *testing.T) {
	f, path := newFile(t)
	require.NoError(t, os.WriteFile(path+".draft-17", []byte("{"), 0o600))
	require.NoError(t, os.WriteFile(path+".007", []byte("{"), 0o600))
	r, err := f.Load(t.Context())
	require.NoError(t, err)
	assert.Empty(t, r.Version)
	for _, text := range []string{"", "{", `{"format":2}`, `{"format":1,"members":[{"kind":"A"}]}`} {
		require.NoError(t, os.WriteFile(path+".3", []byte(text), 0o600))
		_, err = f.Load(t.Context())
		require.ErrorContains(t, err, "shop.json.3", text)
	}
	lost, err := inventory.NewFile(filepath.Join(t.TempDir(), "none", "x"), "shop")
	require.NoError(t, err)
	_, err = lost.Load(t.Context())
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = inventory.NewFile(path, "not a label")
	require.ErrorContains(t, err, "not a label")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Load(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func ExampleFile() {
	dir, err := os.MkdirTemp("", "inventory")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	inv, err := inventory.NewFile(filepath.Join(dir, "shop.json"), "shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	obj := &unstructured.Unstructured{Object: map[string]any{}}
	if err := inv.Label(obj); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(obj.GetLabels())
	record, err := inv.Load(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(record.Members), "members")
	// Output:
	// map[setpoint.dev/set:shop]
	// 0 members
}
