// Command bench measures Setpoint next to what people use today, and prints a Markdown table:
//
//	go run ./internal/bench [flags] diff memory
//
// Each case runs several times, ours and the peer's in turn, so that a machine that becomes slower meanwhile slows both. A
// figure is the median; the ratio is the peer's figure divided by ours. Of a time or a size, a ratio above 1 says how many
// times faster or smaller ours is; of a rate (1/s) one below 1 does.
//
// An area is a file that adds itself to areas. Peers that need more than the root module has belong in nested modules
// below this folder.
//
// # Flags
//
//	-runs n      measure each case n times (default 5)
//	-only words  run the cases whose names contain one of the comma-separated words
//	-peers=false leave the peers out
package main
