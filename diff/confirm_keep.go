package diff

import (
	"container/list"
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/setpoint-dev/setpoint/cluster"
)

// answers keeps what a server said, bounded by size and age. Objects are kept as JSON, which has a known size, and is a
// fraction of what maps take.
type answers struct {
	most, size int
	age        time.Duration
	byKey      map[confirmKey]*list.Element
	// used has the latest used in front.
	used *list.List
}

type keptAnswer struct {
	key       confirmKey
	object    []byte
	conflicts []cluster.FieldConflict
	at        time.Time
}

func newAnswers(most int, age time.Duration) answers {
	return answers{most: most, age: age, byKey: map[confirmKey]*list.Element{}, used: list.New()}
}

// overhead is about what an entry takes besides its object.
const overhead = 512

func (a *keptAnswer) size() int { return len(a.object) + overhead + 128*len(a.conflicts) }

func (a *answers) get(key confirmKey) (said, bool) {
	e, ok := a.byKey[key]
	if !ok {
		return said{}, false
	}
	kept := e.Value.(*keptAnswer)
	var content map[string]any
	if time.Since(kept.at) >= a.age || utiljson.Unmarshal(kept.object, &content) != nil {
		a.drop(e)
		return said{}, false
	}
	a.used.MoveToFront(e)
	return said{object: &unstructured.Unstructured{Object: content}, conflicts: kept.conflicts}, true
}

func (a *answers) put(key confirmKey, s said) {
	if a.age <= 0 {
		return
	}
	data, err := json.Marshal(s.object.Object)
	if err != nil {
		return // It is no object of an API server, and asked for again.
	}
	if old, ok := a.byKey[key]; ok {
		a.drop(old)
	}
	kept := &keptAnswer{key: key, object: data, conflicts: s.conflicts, at: time.Now()}
	a.byKey[key] = a.used.PushFront(kept)
	a.size += kept.size()
	for a.size > a.most {
		a.drop(a.used.Back())
	}
}

func (a *answers) drop(e *list.Element) {
	kept := a.used.Remove(e).(*keptAnswer)
	delete(a.byKey, kept.key)
	a.size -= kept.size()
}
