// Package gitserver makes Git repositories in memory and serves them over http, ssh and the git protocol, for tests that
// must run where no git is installed. It counts what it sends.
package gitserver
