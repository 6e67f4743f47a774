// Package wire speaks the Kubernetes REST protocol for the core in package apiserver: paths, content negotiation, discovery,
// OpenAPI, watch streams, and a log of the requests.
//
// [Handler] is an http.Handler for any server of net/http. [Transport] calls such a handler without a socket and streams its
// answer, so that clients in the process can be given one.
package wire
