package source_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"testing/fstest"
	"time"

	"github.com/setpoint-dev/setpoint/source"
)

// answers is a source of one's own: a tree that comes from anywhere, here from a map.
type answers struct{ replicas int }

// Fetch implements source.Fetcher.
func (a *answers) Fetch(_ context.Context, at source.Revision) (*source.Snapshot, error) {
	content := fmt.Appendf(nil, "replicas: %d\n", a.replicas)
	return &source.Snapshot{
		Revision: source.Revision{Name: at.Name, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(content))},
		FS:       fstest.MapFS{"values.yaml": &fstest.MapFile{Data: content}},
	}, nil
}

func ExampleFetcher() {
	var f source.Fetcher = &answers{replicas: 3}
	snapshot, err := f.Fetch(context.Background(), source.Revision{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer snapshot.Close()
	content, err := fs.ReadFile(snapshot.FS, "values.yaml")
	fmt.Printf("%s%v\n", content, err)
	// Output:
	// replicas: 3
	// <nil>
}

func ExamplePoll() {
	a := &answers{replicas: 1}
	opts := &source.PollOptions{Interval: time.Millisecond}
	for snapshot, err := range source.Poll(context.Background(), a, opts) {
		if err != nil {
			fmt.Println(err)
			return
		}
		content, _ := fs.ReadFile(snapshot.FS, "values.yaml")
		fmt.Print(string(content))
		_ = snapshot.Close()
		if a.replicas == 3 {
			break
		}
		a.replicas++
	}
	// Output:
	// replicas: 1
	// replicas: 2
	// replicas: 3
}

func ExampleTrigger() {
	a := &answers{replicas: 1}
	var pushed source.Trigger // fired by a webhook, say
	opts := &source.PollOptions{Interval: time.Hour, Trigger: &pushed}
	for snapshot, err := range source.Poll(context.Background(), a, opts) {
		if err != nil {
			fmt.Println(err)
			return
		}
		content, _ := fs.ReadFile(snapshot.FS, "values.yaml")
		fmt.Print(string(content))
		_ = snapshot.Close()
		if a.replicas == 2 {
			break
		}
		a.replicas++
		pushed.Fire()
	}
	// Output:
	// replicas: 1
	// replicas: 2
}

func ExampleTemporary() {
	err := &source.Error{Op: "resolve", Source: "https://example.com/apps.git", Err: source.ErrUnauthorized}
	fmt.Println(err)
	fmt.Println(source.Temporary(err))
	// Output:
	// resolve https://example.com/apps.git: not authorised
	// false
}
