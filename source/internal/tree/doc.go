// Package tree serves an [io/fs.FS] from anything that can list a directory and read a file by key. It holds the rules
// that every source shares: links resolve inside the tree or are an error, and what cannot be read is never reported as
// absent.
package tree
