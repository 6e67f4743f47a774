package apply

// The two ways to find out whether an object mentions fields.
var (
	Covers   = covers
	Mentions = mentions
)
