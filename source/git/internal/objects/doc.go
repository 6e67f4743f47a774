// Package objects decodes, checks and keeps Git objects.
//
// Formats are read by go-git where its reader can be bounded: pack entries and deltas by plumbing/format/packfile, object
// directories by storage/filesystem. What is read here is what those do not offer. A pack is decoded under a budget and
// without recursion, because packfile.Parser takes whatever sizes and chains of deltas a server declares. Trees are refused
// when a name could not be a file's or is there twice. Commits are read without plumbing/object, which compiles an OpenPGP
// implementation that nothing here needs.
package objects
