package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
)

// egress is the proxy through which the API server dials services, pods and webhooks (its "cluster" egress). It connects
// to loopback and refuses everything else at once: a simulated address leads nowhere, and without the proxy the dial
// would leave the machine and hang until it times out.
func egress(args []string) error {
	flags := flag.NewFlagSet("egress", flag.ExitOnError)
	socket := flags.String("socket", "", "path of the unix socket to listen on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("unix", *socket)
	if err != nil {
		return err
	}
	return http.Serve(listener, http.HandlerFunc(tunnel))
}

func tunnel(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT is served", http.StatusMethodNotAllowed)
		return
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		http.Error(w, fmt.Sprintf("nothing listens on the simulated address %s", r.Host), http.StatusBadGateway)
		return
	}
	upstream, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	downstream, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer downstream.Close()
	if _, err := io.WriteString(downstream, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(upstream, buffered); done <- struct{}{} }()
	go func() { _, _ = io.Copy(downstream, upstream); done <- struct{}{} }()
	<-done
}
