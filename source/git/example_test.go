package git_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"time"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

// serve stands for the server of the examples, which has one application and takes the token "letmein".
func serve() (url string, push func(replicas int), stop func()) {
	r := gitserver.New()
	push = func(replicas int) {
		r.Push("main", map[string]gitserver.File{"prod/web.yaml": gitserver.Text(fmt.Sprintf("replicas: %d\n", replicas))})
	}
	push(2)
	s := httptest.NewServer(guarded(r.Handler(), "", "", "letmein"))
	return s.URL + "/team/apps.git", push, s.Close
}

func ExampleOpen() {
	url, _, stop := serve()
	defer stop()
	ctx := context.Background()

	repo, err := git.Open(url, &git.Options{Credentials: git.Fixed(git.Credentials{Token: "letmein"})})
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := repo.At("main").Fetch(ctx, source.Revision{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer snapshot.Close()
	content, err := fs.ReadFile(snapshot.FS, "prod/web.yaml")
	fmt.Printf("%s by %s, %v\n", content, snapshot.Commit.Author, err)
	// Output:
	// replicas: 2
	//  by Ada, <nil>
}

// What a caller branches on is a sentinel of package source; the message names the repository and the revision.
func ExampleRepository_At_unknown() {
	url, _, stop := serve()
	defer stop()

	repo, err := git.Open(url, &git.Options{Credentials: git.Fixed(git.Credentials{Token: "letmein"})})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = repo.At("mian").Fetch(context.Background(), source.Revision{})
	fmt.Println(errors.Is(err, source.ErrUnknownRevision))
	var failed *source.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Op, failed.Revision, "-", failed.Err)
	}
	// Output:
	// true
	// fetch mian - unknown revision: no branch, tag or ref "mian"; there is main
}

// Resolve asks for the refs only, so it is cheap to call often.
func ExampleSource_Resolve() {
	url, push, stop := serve()
	defer stop()
	ctx := context.Background()

	repo, err := git.Open(url, &git.Options{Credentials: git.Fixed(git.Credentials{Token: "letmein"})})
	if err != nil {
		fmt.Println(err)
		return
	}
	before, err := repo.At("main").Resolve(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	push(3)
	after, err := repo.At("main").Resolve(ctx)
	fmt.Println(before.Name, before == after, err)
	// Output: main false <nil>
}

// A digest reads a revision again, also after the branch has moved.
func ExampleSource_Fetch() {
	url, push, stop := serve()
	defer stop()
	ctx := context.Background()

	repo, err := git.Open(url, &git.Options{Credentials: git.Fixed(git.Credentials{Token: "letmein"})})
	if err != nil {
		fmt.Println(err)
		return
	}
	main := repo.At("main")
	first, err := main.Fetch(ctx, source.Revision{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer first.Close()
	push(3)
	newest, err := main.Fetch(ctx, source.Revision{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer newest.Close()
	again, err := main.Fetch(ctx, first.Revision)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer again.Close()
	for _, s := range []*source.Snapshot{first, newest, again} {
		content, _ := fs.ReadFile(s.FS, "prod/web.yaml")
		fmt.Print(string(content))
	}
	// Output:
	// replicas: 2
	// replicas: 3
	// replicas: 2
}

func ExampleRepository_At_poll() {
	url, push, stop := serve()
	defer stop()

	repo, err := git.Open(url, &git.Options{Credentials: git.Fixed(git.Credentials{Token: "letmein"})})
	if err != nil {
		fmt.Println(err)
		return
	}
	opts := &source.PollOptions{Interval: 10 * time.Millisecond}
	for snapshot, err := range source.Poll(context.Background(), repo.At("main"), opts) {
		if err != nil {
			fmt.Println(err)
			return
		}
		content, _ := fs.ReadFile(snapshot.FS, "prod/web.yaml")
		fmt.Print(string(content))
		_ = snapshot.Close()
		if string(content) == "replicas: 3\n" {
			break
		}
		push(3)
	}
	// Output:
	// replicas: 2
	// replicas: 3
}
