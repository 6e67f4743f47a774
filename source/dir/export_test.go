package dir

// OnSettled runs f after each reading, before it is verified.
func OnSettled(d *Directory, f func()) { d.settled = f }
