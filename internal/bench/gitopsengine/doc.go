// Command gitopsengine is the peer of the benchmarks of package diff: it compares objects by the published module
// github.com/argoproj/gitops-engine, and says what that took. The benchmark starts it with a folder, writes a [request] for
// each measure on a line of its own to its standard input, and reads a [response] on a line of its standard output. It ends
// with its input.
//
// What Argo CD sets up once for a cluster is set up before the clock starts: the parser of the server's OpenAPI document, and
// the objects, which are decoded. The logger discards; there is no normalizer, which is the fastest one.
//
// It is a module of its own because of the replacements that gitops-engine needs.
package main
