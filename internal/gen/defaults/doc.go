// Package defaults holds the test that compares the tables and functions of internal/schema with the defaulting of the
// Kubernetes API server.
package defaults
