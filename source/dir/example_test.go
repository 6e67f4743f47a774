package dir_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/dir"
)

func ExampleNew() {
	root, err := os.MkdirTemp("", "deploy")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	if err := os.WriteFile(filepath.Join(root, "app.yaml"), []byte("kind: ConfigMap\n"), 0o644); err != nil {
		fmt.Println(err)
		return
	}

	snapshot, err := dir.New(root, nil).Fetch(context.Background(), source.Revision{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer snapshot.Close()
	content, err := fs.ReadFile(snapshot.FS, "app.yaml")
	fmt.Printf("%s%v %v\n", content, snapshot.Revision, err)
	// Output:
	// kind: ConfigMap
	// sha256:e9156b181804 <nil>
}

func ExampleDirectory_Fetch_absent() {
	_, err := dir.New("/no/such/directory", nil).Fetch(context.Background(), source.Revision{})
	fmt.Println(err)
	// Output: fetch /no/such/directory: no repository there: no such directory
}

func ExampleDirectory_Resolve() {
	root, err := os.MkdirTemp("", "deploy")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	d := dir.New(root, nil)
	before, err := d.Resolve(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := os.WriteFile(filepath.Join(root, "app.yaml"), []byte("kind: ConfigMap\n"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	after, err := d.Resolve(context.Background())
	fmt.Println(before == after, err)
	// Output:
	// false <nil>
}
