package schema

import "strings"

// Undecided says whether a field, named as [Condition].Decides does, exists and has no generated default.
func Undecided(field string) bool {
	i := strings.LastIndex(field, ".")
	m := table()[field[:i]]
	return m != nil && m.fields[field[i+1:]] != nil && m.fields[field[i+1:]].Default == nil
}
