package sync

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// planFormat is the version of the stored form.
const planFormat = 1

// storedPlan is a plan as JSON. It has digests in place of what would be written.
type storedPlan struct {
	Format   int    `json:"format"`
	Digest   string `json:"digest"`
	Target   Target `json:"target"`
	Revision string `json:"revision,omitempty"`
	manner
	Summary Summary      `json:"summary"`
	Steps   []storedStep `json:"steps"`
}

// manner is what the engine's options add to the steps.
type manner struct {
	Force       bool                `json:"force,omitempty"`
	Propagation cluster.Propagation `json:"propagation,omitempty"`
	// Delete says that the plan deletes the set.
	Delete bool `json:"delete,omitempty"`
}

// String names the options. Whether the plan deletes the set is no option of the engine.
func (m manner) String() string {
	return fmt.Sprintf("{Force:%t Propagation:%s}", m.Force, m.Propagation)
}

type storedStep struct {
	ID       string          `json:"id"`
	Action   Action          `json:"action"`
	Ref      *cluster.Ref    `json:"ref,omitempty"`
	Origin   *cluster.Origin `json:"origin,omitempty"`
	Reason   string          `json:"reason"`
	Wave     int             `json:"wave,omitempty"`
	Needs    []string        `json:"needs,omitempty"`
	Verdict  diff.Verdict    `json:"verdict,omitempty"`
	UID      string          `json:"uid,omitempty"`
	Desired  string          `json:"desired,omitempty"`
	Because  string          `json:"because,omitempty"`
	Waits    []cluster.Ref   `json:"waits,omitempty"`
	Deadline string          `json:"deadline,omitempty"`
	Phase    dialect.Phase   `json:"phase,omitempty"`
	// Propagation is left out where it is that of the whole plan.
	Propagation cluster.Propagation `json:"propagation,omitempty"`
}

// MarshalJSON encodes the plan without the content of any object: what a step writes is there as a digest, which
// [Engine.Bind] checks. The digests of Secrets are authenticated with [Options].Key and left out without one.
func (p *Plan) MarshalJSON() ([]byte, error) {
	return json.Marshal(storedPlan{
		Format: planFormat, Digest: p.digest, Target: p.target, Revision: p.revision, manner: p.manner, Summary: p.Summary(), Steps: p.stored(),
	})
}

func (p *Plan) stored() []storedStep {
	out := make([]storedStep, 0, len(p.steps))
	for _, s := range p.steps {
		t := storedStep{
			ID: s.ID, Action: s.Action, Reason: s.Reason, Wave: s.Wave, Needs: s.Needs, UID: string(s.UID), Waits: s.Waits, Phase: s.Phase,
		}
		if s.Ref != (cluster.Ref{}) {
			t.Ref = &s.Ref
		}
		if s.Origin != (cluster.Origin{}) {
			t.Origin = &s.Origin
		}
		if s.Propagation != p.manner.Propagation {
			t.Propagation = s.Propagation
		}
		if s.Deadline > 0 {
			t.Deadline = s.Deadline.Round(time.Millisecond).String()
		}
		if s.hook != nil {
			t.Desired = p.mask(s.Ref, s.hook.desired.Hash())
		}
		if s.Comparison != nil {
			t.Verdict = s.Comparison.Verdict
			o := p.objects[s.object]
			t.Desired, t.Because = p.mask(s.Ref, o.desired.Hash()), p.mask(s.Ref, s.Comparison.Fingerprint())
		}
		out = append(out, t)
	}
	return out
}

// mask keeps a digest from answering guesses about a Secret's content.
func (p *Plan) mask(r cluster.Ref, digest string) string {
	if !isSecret(r) {
		return digest
	}
	if len(p.key) == 0 {
		return ""
	}
	h := hmac.New(sha256.New, p.key)
	h.Write([]byte(digest))
	return "hmac-sha256:" + hex.EncodeToString(h.Sum(nil))
}

func isSecret(r cluster.Ref) bool { return r.Group == "" && r.Kind == "Secret" }

// sum digests everything that says what the plan does.
func (p *Plan) sum() (string, error) {
	raw, err := json.Marshal(struct {
		Target   Target
		Revision string
		Trigger  string
		Manner   manner
		Steps    []storedStep
	}{p.target, p.revision, p.trigger, p.manner, digested(p.stored())})
	if err != nil {
		return "", err
	}
	h := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(h[:]), nil
}

// ofHealth says that a gate is there for nothing but the health of objects.
func ofHealth(id string) bool {
	return strings.HasPrefix(id, waveGatePrefix) || strings.HasPrefix(id, readyGatePrefix+"/")
}

// digested returns what the digest covers of steps. Reasons and origins say it to people and are left out, as is what only the
// health of the moment decides: what a gate waits for, and a gate that is there for nothing else. Who needs such a gate is
// digested as needing what it needs.
func digested(steps []storedStep) []storedStep {
	passed := map[string][]string{}
	out := make([]storedStep, 0, len(steps))
	for _, s := range steps {
		var needs []string
		idle := s.Action == Gate && ofHealth(s.ID)
		for _, id := range s.Needs {
			idle = idle && ofHealth(id)
			if behind, ok := passed[id]; ok {
				needs = append(needs, behind...)
			} else {
				needs = append(needs, id)
			}
		}
		if idle {
			passed[s.ID] = needs
			continue
		}
		slices.Sort(needs)
		s.Needs, s.Reason, s.Origin, s.Waits = slices.Compact(needs), "", nil, nil
		out = append(out, s)
	}
	return out
}
