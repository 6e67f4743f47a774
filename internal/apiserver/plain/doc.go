// Package plain reads and writes JSON values that are plain: maps with string keys, slices, strings, whole and other
// numbers, booleans and nothing. Every object in the server has this form several times in the course of one request, and the
// codecs that handle any Go type spend more time on finding out what they have than on the work.
//
// [Encode] writes the bytes that encoding/json writes. [Decode] reads what sigs.k8s.io/json reads into a map, whole numbers
// as int64; what is not plain or needs a decision (an error to be told, a key that is there twice) it hands to that package.
//
// All functions are safe for concurrent use.
package plain
