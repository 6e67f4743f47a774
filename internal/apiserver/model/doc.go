// Package model knows the shape of objects: which fields a kind has, how values are written, and how two objects are merged.
//
// A [Model] stands for one kind at one version. [Builtin] takes a built-in kind's shape from its Go type, which is where the
// real server takes it from: a field that the type does not have is unknown, a zero value that the type leaves out is absent, a
// quantity is written in its canonical form. A custom resource takes its shape from its definition's schema (package crd).
package model
