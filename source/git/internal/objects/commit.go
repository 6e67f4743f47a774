package objects

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/setpoint-dev/setpoint/source"
)

// Commit is what a commit object says, as far as a source needs it. go-git's reader would bring an OpenPGP implementation.
type Commit struct {
	Tree          plumbing.Hash
	Parents       int
	Author, Email string
	Time          time.Time
	Message       string
}

// ParseCommit decodes a commit object. Headers end at the first empty line; those that nobody asks for are passed over,
// signatures among them.
func ParseCommit(h plumbing.Hash, data []byte) (Commit, error) {
	head, message, _ := strings.Cut(string(data), "\n\n")
	c := Commit{Message: message}
	for line := range strings.SplitSeq(head, "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "tree":
			if !plumbing.IsHash(rest) {
				return c, fmt.Errorf("%w: commit %s names no tree", source.ErrCorrupt, h)
			}
			c.Tree = plumbing.NewHash(rest)
		case "parent":
			c.Parents++
		case "author":
			c.Author, c.Email, _ = parseWho(rest)
		case "committer":
			_, _, c.Time = parseWho(rest)
		}
	}
	if c.Tree.IsZero() || !strings.HasPrefix(head, "tree ") {
		return c, fmt.Errorf("%w: commit %s names no tree", source.ErrCorrupt, h)
	}
	return c, nil
}

// parseWho reads "Name <email> seconds zone". What old tools wrote otherwise comes out empty: it is information, not
// content.
func parseWho(s string) (name, email string, when time.Time) {
	open, end := strings.IndexByte(s, '<'), strings.LastIndexByte(s, '>')
	if open < 0 || end < open {
		return strings.TrimSpace(s), "", time.Time{}
	}
	name, email = strings.TrimSpace(s[:open]), s[open+1:end]
	seconds, zone, _ := strings.Cut(strings.TrimSpace(s[end+1:]), " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return name, email, time.Time{}
	}
	when = time.Unix(n, 0).UTC()
	if offset, err := strconv.Atoi(zone); err == nil && len(zone) == 5 {
		when = when.In(time.FixedZone("", (offset/100)*3600+(offset%100)*60))
	}
	return name, email, when
}
