// Package apply keeps the account of who owns which field: managedFields, conflicts, and the rule that a write which changes
// only the time of that account is no write.
//
// It runs apimachinery's own field manager (KEP-555), so ownership, conflicts and their messages are those of the real server;
// what it adds is the wiring that the server's handlers do around it, on objects that are plain maps.
package apply
