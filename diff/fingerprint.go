package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
)

// fact is a difference as it goes into a fingerprint.
type fact struct {
	Path     string
	Old, New any
	HasOld   bool
	HasNew   bool
	Owners   []string
}

// seal computes the fingerprint. It takes the differences and not the changes, whose values may be masked.
func (w *comparing) seal(diffs []difference) {
	facts := make([]fact, len(diffs))
	for i, d := range diffs {
		facts[i] = fact{Path: d.path.String(), Old: d.old, New: d.new, HasOld: d.hasOld, HasNew: d.hasNew}
		for _, o := range w.managed.of(d.path) {
			facts[i].Owners = append(facts[i].Owners, o.String())
		}
	}
	w.out.fingerprint = fingerprint(w.d.hash, w.out, facts)
}

// misfitting begins the reason that names what of a live object does not fit. Which of several faults are found is chance.
const misfitting = "the live object does not fit the schema: "

func fingerprint(desired string, c *Comparison, facts []fact) string {
	if len(facts) == 0 {
		facts = nil
	}
	unsure := slices.Clone(c.Unsure)
	for i, r := range unsure {
		if strings.HasPrefix(r.Message, misfitting) {
			unsure[i] = Reason{Message: misfitting}
		}
	}
	data, err := json.Marshal(struct {
		Desired   string
		Verdict   Verdict
		Unsure    []Reason
		Facts     []fact
		Conflicts []cluster.FieldConflict
	}{desired, c.Verdict, unsure, facts, c.Conflicts})
	if err != nil {
		// Objects come from JSON; what does not go back to it has no fingerprint but its own.
		data = []byte(desired + err.Error())
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
