package main

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// fault is a cause without the value that it is about.
type fault struct{ reason, field, message string }

var index = regexp.MustCompile(`\[[^\]]*\]`)

func faultOf(c metav1.StatusCause) fault {
	message, _, _ := strings.Cut(c.Message, "\n")
	f := fault{reason: string(c.Type), field: c.Field}
	switch c.Type {
	case metav1.CauseTypeForbidden:
		f.message = strings.TrimPrefix(message, "Forbidden: ")
	case metav1.CauseTypeFieldValueInvalid:
		// The value comes before the last colon.
		f.message = message[strings.LastIndex(message, ": ")+2:]
	default:
		f.message = message
	}
	return f
}

// tally is how often a fault came of changes at one path: of values that there were, and of values where there was none.
type tally struct{ hit, miss, first, firstMiss int }

// silent says that a trial says nothing of what is frozen: metadata has rules of its own, and what left the object as it was
// may be a default in other words.
func (t trial) silent() bool {
	return t.at[0] == "metadata" || t.at[0] == "status" || t.refused == nil && reflect.DeepEqual(t.was, t.stored)
}

// freeze finds the parts that an update may not change in the trials of one state, and the faults that came of some changes at
// a path and not of others, which no path can say.
func freeze(trials []trial) (frozen []schema.Frozen, partly []string) {
	paths, faults := map[string]bool{}, map[fault]map[string]*tally{}
	for _, t := range trials {
		if t.silent() {
			continue
		}
		paths[strings.Join(t.at.general(), "/")] = true
		for _, c := range t.refused {
			if faults[faultOf(c)] == nil {
				faults[faultOf(c)] = map[string]*tally{}
			}
		}
	}
	for f, counts := range faults {
		for p := range paths {
			counts[p] = &tally{}
		}
		for _, t := range trials {
			count := counts[strings.Join(t.at.general(), "/")]
			if count == nil || t.silent() {
				continue
			}
			hit := slices.ContainsFunc(t.refused, func(c metav1.StatusCause) bool { return faultOf(c) == f })
			switch {
			case t.was == nil && hit:
				count.first++
			case t.was == nil:
				count.firstMiss++
			case hit:
				count.hit++
			default:
				count.miss++
			}
		}
	}
	for _, f := range slices.SortedFunc(maps.Keys(faults), func(a, b fault) int {
		return strings.Compare(a.field+a.message+a.reason, b.field+b.message+b.reason)
	}) {
		found, some := frozenBy(f, faults[f])
		frozen = append(frozen, found...)
		partly = append(partly, some...)
	}
	return frozen, partly
}

func frozenBy(f fault, counts map[string]*tally) (frozen []schema.Frozen, partly []string) {
	var always, once, free []string
	for _, p := range slices.Sorted(maps.Keys(counts)) {
		c := counts[p]
		switch {
		case c.hit+c.first == 0:
			free = append(free, p)
		case c.miss+c.firstMiss == 0:
			always = append(always, p)
		case c.hit > 0 && c.miss == 0 && c.first == 0:
			once = append(once, p)
		default:
			free = append(free, p)
			partly = append(partly, strings.ReplaceAll(p, "/", ".")+": "+f.reason+" "+f.field+": "+f.message)
		}
	}
	// A fault that depends on which key of a map or which item of a list has changed, or that shows what was sent, is none of a path.
	root := strings.ReplaceAll(index.ReplaceAllString(f.field, ""), ".", "/")
	inRoot := func(p string) bool { return strings.HasPrefix(p, root+"/") }
	named := !slices.ContainsFunc(always, func(p string) bool { return p != root && !inRoot(p) && !strings.HasPrefix(root, p+"/") })
	onlyItems := !slices.ContainsFunc(always, func(p string) bool { return inRoot(p) && p != root+"/*" })
	single := func(p string) bool { return strings.HasSuffix(p, "/probe") || strings.HasSuffix(p, "/*") }
	byKey := slices.ContainsFunc(free, func(p string) bool { return inRoot(p) && single(p) && beside(always, p) })
	if slices.ContainsFunc(once, single) || strings.Contains(f.message, "'") || len(always) > 0 && named && (byKey || onlyItems && slices.ContainsFunc(free, inRoot)) {
		return nil, append(partly, f.field+": "+f.reason+": "+f.message)
	}
	entry := func(path string, once bool, except ...[]string) {
		e := schema.Frozen{Path: split(path), Once: once, Except: except, Message: f.message}
		e.Forbidden = f.reason == string(metav1.CauseTypeForbidden)
		if f.field != strings.Join(e.Path, ".") {
			e.Field = f.field
		}
		frozen = append(frozen, e)
	}
	for _, p := range once {
		entry(p, true)
	}
	// What is in a part that is set once is frozen with it.
	always = slices.DeleteFunc(always, func(p string) bool {
		return slices.ContainsFunc(once, func(o string) bool { return strings.HasPrefix(p, o+"/") })
	})
	if len(always) == 0 {
		return frozen, partly
	}
	if named {
		entry(root, false, exceptions(root, append(slices.Clone(free), once...), always)...)
		return frozen, partly
	}
	for _, p := range largest(always, append(slices.Clone(free), once...)) {
		entry(p, false)
	}
	return frozen, partly
}

// beside says whether one of the paths has the same parent as p.
func beside(paths []string, p string) bool {
	parent := func(p string) string { return p[:max(0, strings.LastIndex(p, "/"))] }
	return slices.ContainsFunc(paths, func(o string) bool { return o != p && parent(o) == parent(p) })
}

// inside says whether a list has a path or one below it.
func inside(list []string, prefix string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") })
}

// exceptions returns what is free below root, in the largest pieces that hold nothing frozen, as paths from there.
func exceptions(root string, free, frozen []string) [][]string {
	var out [][]string
	for _, p := range free {
		if !strings.HasPrefix(p, root+"/") || inside(frozen, p) {
			continue
		}
		for {
			up := p[:strings.LastIndex(p, "/")]
			if up == root || inside(frozen, up) {
				break
			}
			p = up
		}
		path := split(strings.TrimPrefix(p, root+"/"))
		if !slices.ContainsFunc(out, func(e []string) bool { return slices.Equal(path, e) }) {
			out = append(out, path)
		}
	}
	slices.SortFunc(out, compare)
	return out
}

// largest returns the largest parts around what is frozen that hold nothing free. The specification as a whole is none.
func largest(frozen, free []string) []string {
	var parts []string
	for _, p := range frozen {
		for strings.Contains(p, "/") {
			up := p[:strings.LastIndex(p, "/")]
			if inside(free, up) || up == "spec" {
				break
			}
			p = up
		}
		if !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return slices.DeleteFunc(parts, func(p string) bool {
		return slices.ContainsFunc(parts, func(o string) bool { return o != p && strings.HasPrefix(p, o+"/") })
	})
}
