// Package fault decides which of many things are to go wrong. It knows nothing of what they are, nor of what then happens:
// package wire uses it for requests.
package fault
