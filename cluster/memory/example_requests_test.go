package memory_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// The log of requests tells what a piece of code costs.
func ExampleServer_RequestsSince() {
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	ref := cluster.Ref{Kind: "Namespace", Name: "default"}
	if _, err := client.Get(context.Background(), ref, cluster.GetOptions{}); err != nil { // learns the kind first
		log.Fatal(err)
	}
	mark := server.Mark()
	if _, err := client.Get(context.Background(), ref, cluster.GetOptions{}); err != nil {
		log.Fatal(err)
	}
	for _, r := range server.RequestsSince(mark) {
		fmt.Println(r.Verb, r.Path, r.Code)
	}
	// Output:
	// get /api/v1/namespaces/default 200
}

// The server is an http.Handler, for clients in other processes.
func ExampleServer_ServeHTTP() {
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	socket := httptest.NewServer(server)
	defer socket.Close()
	resp, err := http.Get(socket.URL + "/readyz")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(string(body), err)
	// Output:
	// ok <nil>
}
