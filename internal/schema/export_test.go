package schema

import "strings"

// Undecided says whether a field, named as [Condition].Decides does, exists and has no generated default.
func Undecided(field string) bool {
	i := strings.LastIndex(field, ".")
	f := table().model(field[:i])[field[i+1:]]
	return f != nil && f.Default == nil
}
