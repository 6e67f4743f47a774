package git

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git/internal/wire"
)

// refs is what a repository says its names mean.
type refs struct {
	// head is what HEAD names, "" when unknown; headHash is zero when there is no such branch.
	head     string
	headHash plumbing.Hash
	byName   map[string]plumbing.Hash
	// peeled has the commits of annotated tags, as far as the repository tells.
	peeled map[string]plumbing.Hash
	// broken refs are there and cannot be read.
	broken []string
}

// target is what a name means: the object to ask for, and the commit, which is the same except for annotated tags.
type target struct {
	object, commit plumbing.Hash
}

// errAbbreviated: the name is the beginning of a commit's hash, which only the history can complete.
var errAbbreviated = errors.New("abbreviated commit")

// refsOf returns what a server advertises.
func refsOf(s *wire.Session) *refs {
	r := &refs{byName: s.Refs.References, peeled: s.Refs.Peeled}
	if s.Refs.Head != nil {
		r.headHash = *s.Refs.Head
	}
	for _, link := range s.Refs.Capabilities.Get(capability.SymRef) {
		if name, ok := strings.CutPrefix(link, "HEAD:"); ok {
			r.head = name
		}
	}
	return r
}

func (r *refs) get(name string) (target, bool) {
	h, ok := r.byName[name]
	if !ok {
		return target{}, false
	}
	if commit, ok := r.peeled[name]; ok {
		return target{h, commit}, true
	}
	return target{h, h}, true
}

// resolve finds what a name means, or errAbbreviated.
func (r *refs) resolve(name string) (target, error) {
	if len(r.byName) == 0 && r.headHash.IsZero() {
		return target{}, fmt.Errorf("%w: the repository is empty, it has no branch and no tag; push a commit first", source.ErrUnknownRevision)
	}
	if name == "" || name == "HEAD" {
		if r.headHash.IsZero() {
			return target{}, fmt.Errorf("%w: HEAD names %s, which does not exist%s", source.ErrUnknownRevision, cmp.Or(r.head, "nothing"), r.near("main"))
		}
		return target{r.headHash, r.headHash}, nil
	}
	if strings.HasPrefix(name, "refs/") {
		if t, ok := r.get(name); ok {
			return t, nil
		}
		return target{}, r.unknown(name)
	}
	branch, isBranch := r.get("refs/heads/" + name)
	tag, isTag := r.get("refs/tags/" + name)
	switch {
	case isBranch && isTag:
		return target{}, fmt.Errorf("%w: %q is a branch and a tag; say refs/heads/%s or refs/tags/%s", source.ErrAmbiguousRevision, name, name, name)
	case isBranch:
		return branch, nil
	case isTag:
		return tag, nil
	}
	if t, ok := r.get("refs/" + name); ok {
		return t, nil
	}
	if isHex(name) && len(name) >= 4 && len(name) < 40 {
		return target{}, errAbbreviated
	}
	if strings.ContainsAny(name, "<>=~^*xX|, ") {
		if t, err := r.newest(name); err == nil || !errors.Is(err, errNoRange) {
			return t, err
		}
	}
	return target{}, r.unknown(name)
}

var errNoRange = errors.New("not a version range")

// newest returns the tag with the highest version in a range.
func (r *refs) newest(text string) (target, error) {
	within, err := semver.NewConstraint(text)
	if err != nil {
		return target{}, errNoRange
	}
	for _, name := range r.broken {
		if strings.HasPrefix(name, "refs/tags/") {
			return target{}, fmt.Errorf("%w: %s cannot be read, and its version may be in the range", source.ErrCorrupt, name)
		}
	}
	var best *semver.Version
	var bestTag string
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		short, ok := strings.CutPrefix(name, "refs/tags/")
		if !ok {
			continue
		}
		v, err := semver.NewVersion(short)
		if err == nil && within.Check(v) && (best == nil || v.GreaterThan(best)) {
			best, bestTag = v, name
		}
	}
	if best == nil {
		return target{}, fmt.Errorf("%w: no tag is a version in the range %s", source.ErrUnknownRevision, text)
	}
	t, _ := r.get(bestTag)
	return t, nil
}

func (r *refs) unknown(name string) error {
	return fmt.Errorf("%w: no branch, tag or ref %q%s", source.ErrUnknownRevision, name, r.near(name))
}

// near names up to three branches and tags that look like a name.
func (r *refs) near(name string) string {
	type candidate struct {
		name     string
		distance int
	}
	name = strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "refs/tags/"))
	var found []candidate
	for ref := range r.byName {
		short, isBranch := strings.CutPrefix(ref, "refs/heads/")
		if !isBranch {
			var isTag bool
			if short, isTag = strings.CutPrefix(ref, "refs/tags/"); !isTag {
				continue
			}
		}
		lower := strings.ToLower(short)
		d := distance(name, lower)
		if d <= max(min(2, len(name)-1), len(name)/3) || strings.Contains(lower, name) || strings.Contains(name, lower) {
			found = append(found, candidate{short, d})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.name, b.name))
	})
	found = slices.CompactFunc(found, func(a, b candidate) bool { return a.name == b.name })
	if len(found) == 0 {
		return ""
	}
	var names []string
	for _, c := range found[:min(3, len(found))] {
		names = append(names, c.name)
	}
	return "; there is " + strings.Join(names, ", ")
}

// distance is the number of single-character edits between two short texts; long ones count as far apart.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// digest is a commit's source.Revision.Digest.
func digest(h plumbing.Hash) string { return "sha1:" + h.String() }

// parseDigest is the inverse of digest.
func parseDigest(s string) (plumbing.Hash, error) {
	hex, ok := strings.CutPrefix(s, "sha1:")
	if !ok || !plumbing.IsHash(hex) {
		return plumbing.ZeroHash, fmt.Errorf("%w: %q is not the digest of a commit, which is sha1: and 40 hexadecimal digits", source.ErrUnknownRevision, s)
	}
	return plumbing.NewHash(hex), nil
}

func isHex(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(c byte) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F')
	})
}
