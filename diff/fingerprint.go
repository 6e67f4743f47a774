package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/setpoint-dev/setpoint/cluster"
)

// seal computes the fingerprint. It takes the differences and not the changes, whose values may be masked.
func (w *comparing) seal(diffs []difference) {
	type fact struct {
		Path     string
		Old, New any
		HasOld   bool
		HasNew   bool
		Owners   []string
	}
	facts := make([]fact, len(diffs))
	for i, d := range diffs {
		facts[i] = fact{Path: d.path.String(), Old: d.old, New: d.new, HasOld: d.hasOld, HasNew: d.hasNew}
		for _, o := range w.managed.of(d.path) {
			facts[i].Owners = append(facts[i].Owners, o.String())
		}
	}
	data, err := json.Marshal(struct {
		Desired   string
		Verdict   Verdict
		Unsure    []Reason
		Facts     []fact
		Conflicts []cluster.FieldConflict
	}{w.d.hash, w.out.Verdict, w.out.Unsure, facts, w.out.Conflicts})
	if err != nil {
		// Objects come from JSON; what does not go back to it has no fingerprint but its own.
		data = []byte(w.d.hash + err.Error())
	}
	sum := sha256.Sum256(data)
	w.out.fingerprint = "sha256:" + hex.EncodeToString(sum[:])
}
