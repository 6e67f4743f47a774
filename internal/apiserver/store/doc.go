// Package store keeps objects as bytes and remembers the last versions of all of them in one log.
//
// One counter numbers every write to any object, as etcd's revision does, so that a version names a state of the whole store:
// a list taken at version 7 and the log from 7 on are the complete truth. The log is bounded; reading from before its
// beginning fails with [ErrExpired] and the reader has to list again.
//
// The store knows nothing of what the bytes mean. All methods are safe for concurrent use. Data must not be changed after
// it was handed in or out.
package store
