package differential_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

const (
	mediaJSON      = "application/json"
	mediaYAML      = "application/yaml"
	mediaApply     = "application/apply-patch+yaml"
	mediaMerge     = "application/merge-patch+json"
	mediaPatch     = "application/json-patch+json"
	mediaStrategic = "application/strategic-merge-patch+json"
)

// card is one verb of the deck.
type card struct {
	verb    string
	applies func(*subject, *sample) bool
	play    func(*player)
}

func always(*subject, *sample) bool { return true }

func builtIn(k *subject, _ *sample) bool { return !k.custom }

func hasPart(part string) func(*subject, *sample) bool {
	return func(_ *subject, s *sample) bool { return s.parts[part] != nil }
}

func hasCollection(_ *subject, s *sample) bool { return slices.Contains(s.verbs, "deletecollection") }

func hasStatus(_ *subject, s *sample) bool { return s.parts["status"] != nil && s.Status != nil }

// unconditional reports whether a kind takes an update without a resourceVersion.
func unconditional(k *subject, s *sample) bool {
	version, _ := schema.ParseGroupVersion(s.Object["apiVersion"].(string))
	return !k.custom && !strategy.For(version.WithKind(k.kind).GroupKind()).Conditional
}

// cards are the verbs, each in its own way.
var cards = []card{
	{"create", always, (*player).create},
	{"create generated", func(k *subject, _ *sample) bool { return k.kind != definitionKind }, (*player).createGenerated},
	{"apply", always, func(p *player) { p.apply(false) }},
	{"apply forced", always, func(p *player) { p.apply(true) }},
	{"json patch", always, (*player).jsonPatch},
	{"merge patch", always, (*player).mergePatch},
	{"strategic patch", builtIn, (*player).strategicPatch},
	{"update", always, func(p *player) { p.update(true) }},
	{"update unversioned", unconditional, func(p *player) { p.update(false) }},
	{"status update", hasStatus, (*player).statusUpdate},
	{"status patch", hasStatus, (*player).statusPatch},
	{"status apply", hasStatus, (*player).statusApply},
	{"scale get", hasPart("scale"), (*player).scaleGet},
	{"scale update", hasPart("scale"), (*player).scaleUpdate},
	{"scale patch", hasPart("scale"), (*player).scalePatch},
	{"scale apply", func(k *subject, s *sample) bool { return hasPart("scale")(k, s) && !k.custom }, (*player).scaleApply},
	{"delete", always, (*player).delete},
	{"delete held", always, (*player).deleteHeld},
	{"delete collection", hasCollection, (*player).deleteCollection},
	{"get", always, (*player).get},
	{"list", always, (*player).list},
	{"upgrade", always, (*player).upgrade},
}

const definitionKind = "CustomResourceDefinition"

// query returns the parameters of a write.
func (p *player) query(more ...string) string {
	q := url.Values{}
	if p.IntN(4) != 0 {
		q.Set("fieldManager", p.one("one", "two", "three"))
	}
	if p.coin(8) {
		q.Set("dryRun", "All")
	}
	if p.coin(8) {
		q.Set("fieldValidation", p.one("Strict", "Ignore", "Warn"))
	}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "?" + q.Encode()
}

// body encodes an object of a create, update or apply, in JSON or YAML.
func (p *player) body(media string, obj map[string]any) (string, []byte) {
	if p.coin(8) {
		raw, err := yaml.Marshal(obj)
		if err != nil {
			panic(err)
		}
		if media == mediaJSON {
			media = mediaYAML
		}
		return media, raw
	}
	return media, encoded(obj)
}

// ensure makes the object in hand exist.
func (p *player) ensure() {
	certain := p.certain
	for try := 0; !p.exists() && try < 3; try++ {
		p.certain = certain || try > 0
		p.create()
	}
	p.certain = certain
}

// fresh makes the object in hand exist, as the sample has it when the next operation must be accepted.
func (p *player) fresh() {
	if p.certain {
		p.vacate()
	}
	p.ensure()
}

// vacate makes the object in hand not exist.
func (p *player) vacate() {
	if p.exists() {
		p.reset()
	}
}

func (p *player) create() {
	p.vacate()
	obj := p.varied()
	if p.certain {
		obj = p.kind.object(p.sample, p.n)
	}
	media, body := p.body(mediaJSON, obj)
	p.do(operation{verb: "create", method: "POST", path: p.sample.path + p.query(), media: media, body: body})
}

func (p *player) createGenerated() {
	obj := p.varied()
	if p.certain {
		obj = p.kind.object(p.sample, p.n)
	}
	meta := obj["metadata"].(map[string]any)
	meta["generateName"] = strings.TrimSuffix(p.kind.plainName(0), "x0") + "drawn-"
	delete(meta, "name")
	setAt(obj, "/metadata/labels/drawn", "yes")
	replies := p.send(operation{verb: "create generated", method: "POST", path: p.sample.path + p.query(), media: mediaJSON, body: encoded(obj)})
	for i, r := range replies {
		if name, ok := at(r.body, "/metadata/name"); ok && r.accepted() {
			p.remove(p.sides[i], p.sample.path+"/"+name.(string))
		}
	}
}

func (p *player) apply(force bool) {
	if p.certain {
		p.sample = p.kind.versions[0] // what another version has written may not be converted
		p.fresh()
	}
	obj, manager := p.varied(), p.one("one", "two", "three")
	if p.exists() && (p.certain || p.IntN(3) == 0) {
		// Somebody new, for a manager's apply takes away what it owned and says no more.
		obj, manager = p.partial(), p.one("four", "five", "six", "seven", "eight", "nine")
		setAt(obj, "/metadata/labels/by-"+p.one("one", "two"), "x")
		for _, pointer := range pointers(p.sample.Vary, false) {
			if !p.certain && p.IntN(4) == 0 && !strings.Contains(pointer, "/0") {
				setAt(obj, pointer, p.variant(pointer))
			}
		}
	}
	verb, query := "apply", []string{"fieldManager", manager}
	if force {
		verb, query = "apply forced", append(query, "force", "true")
	}
	media, body := p.body(mediaApply, obj)
	p.do(operation{verb: verb, method: "PATCH", path: p.path() + p.query(query...), media: media, body: body})
}

// partial returns an object with nothing but its names.
func (p *player) partial() map[string]any {
	return map[string]any{
		"apiVersion": p.sample.Object["apiVersion"], "kind": p.kind.kind, "metadata": map[string]any{"name": p.kind.name(p.n)},
	}
}

func (p *player) jsonPatch() {
	p.ensure()
	steps := []any{map[string]any{"op": "add", "path": "/metadata/labels", "value": map[string]any{"app": "a", "run": p.kind.run, "patched": p.one("1", "2")}}}
	for _, pointer := range pointers(p.sample.Vary, false) {
		if p.certain || p.IntN(4) != 0 {
			continue
		}
		_, there := at(p.own()[0], pointer)
		_, parent := at(p.own()[0], pointer[:strings.LastIndex(pointer, "/")])
		value := p.variant(pointer)
		switch {
		case value == nil && there:
			steps = append(steps, map[string]any{"op": "remove", "path": pointer})
		case value == nil:
		case there:
			steps = append(steps, map[string]any{"op": p.one("replace", "add"), "path": pointer, "value": value})
		case parent:
			steps = append(steps, map[string]any{"op": "add", "path": pointer, "value": value})
		}
	}
	if p.coin(6) {
		steps = append(steps, map[string]any{"op": "test", "path": "/metadata/labels/app", "value": p.one("a", "b")})
	}
	if p.coin(6) {
		steps = append(steps, map[string]any{"op": p.one("copy", "move"), "from": "/metadata/labels/patched", "path": "/metadata/labels/moved"})
	}
	p.do(operation{verb: "json patch", method: "PATCH", path: p.path() + p.query(), media: mediaPatch, body: encoded(steps)})
}

func (p *player) mergePatch() {
	p.ensure()
	patch := map[string]any{"metadata": map[string]any{"labels": map[string]any{"merged": p.one("1", "2")}}}
	for _, pointer := range pointers(p.sample.Vary, false) {
		if p.certain || p.IntN(4) != 0 || strings.Contains(pointer, "/0") || strings.Contains(pointer, "/1") {
			continue
		}
		if value := p.variant(pointer); value != nil {
			setAt(patch, pointer, value)
			continue
		}
		// A merge patch says by null that a field goes.
		if parent := pointer[:strings.LastIndex(pointer, "/")]; parent == "" || setAt(patch, pointer, "") {
			setNull(patch, pointer)
		}
	}
	p.do(operation{verb: "merge patch", method: "PATCH", path: p.path() + p.query(), media: mediaMerge, body: encoded(patch)})
}

func setNull(obj map[string]any, pointer string) {
	steps := strings.Split(pointer, "/")[1:]
	for _, step := range steps[:len(steps)-1] {
		next, ok := obj[step].(map[string]any)
		if !ok {
			return
		}
		obj = next
	}
	obj[steps[len(steps)-1]] = nil
}

func (p *player) strategicPatch() {
	p.ensure()
	patch := map[string]any{"metadata": map[string]any{"labels": map[string]any{"strategic": p.one("1", "2")}}}
	switch {
	case p.certain:
	case len(p.sample.Strategic) > 0 && p.IntN(2) == 0:
		patch = runtime.DeepCopyJSON(p.sample.Strategic[p.IntN(len(p.sample.Strategic))].(map[string]any))
	case p.IntN(2) == 0:
		patch = p.varied()
	default:
		p.change(patch, false)
	}
	p.do(operation{verb: "strategic patch", method: "PATCH", path: p.path() + p.query(), media: mediaStrategic, body: encoded(patch)})
}

// editing returns what makes the body of an update from a server's own object.
func (p *player) editing(edit func(obj map[string]any)) func(map[string]any) []byte {
	return func(own map[string]any) []byte {
		obj := runtime.DeepCopyJSON(own)
		if obj == nil {
			obj = map[string]any{}
		}
		edit(obj)
		return encoded(obj)
	}
}

// edits draws values for some of the fields that may change.
func (p *player) edits(status bool) map[string]any {
	out := map[string]any{}
	for _, pointer := range pointers(p.sample.Vary, status) {
		if !p.certain && p.IntN(4) == 0 {
			out[pointer] = p.variant(pointer)
		}
	}
	return out
}

func set(obj map[string]any, values map[string]any) {
	for _, pointer := range slices.Sorted(maps.Keys(values)) {
		setAt(obj, pointer, values[pointer])
	}
}

func (p *player) update(versioned bool) {
	p.ensure()
	verb := "update"
	if !versioned {
		verb = "update unversioned"
	}
	edits := p.edits(false)
	edits["/metadata/labels/updated"] = p.one("1", "2")
	unmanaged := p.coin(6)
	p.do(operation{
		verb: verb, method: "PUT", path: p.path() + p.query(), media: mediaJSON,
		from: p.editing(func(obj map[string]any) {
			obj["apiVersion"] = p.sample.Object["apiVersion"]
			set(obj, edits)
			if !versioned {
				setAt(obj, "/metadata/resourceVersion", nil)
			}
			if unmanaged {
				setAt(obj, "/metadata/managedFields", nil)
			}
		}),
	})
}

func (p *player) statusUpdate() {
	p.fresh()
	status := p.status()
	p.do(operation{
		verb: "status update", method: "PUT", path: p.path() + "/status" + p.query(), media: mediaJSON,
		from: p.editing(func(obj map[string]any) {
			obj["apiVersion"] = p.sample.Object["apiVersion"]
			obj["status"] = runtime.DeepCopyJSON(status)
			setAt(obj, "/metadata/annotations/from", "status")
			setAt(obj, "/metadata/labels/from", "status")
		}),
	})
}

func (p *player) statusPatch() {
	p.fresh()
	patch := map[string]any{"status": p.status()}
	if p.coin(2) {
		patch["metadata"] = map[string]any{"annotations": map[string]any{"from": "status"}}
		patch["spec"] = map[string]any{"replicas": int64(9)}
	}
	p.do(operation{verb: "status patch", method: "PATCH", path: p.path() + "/status" + p.query(), media: mediaMerge, body: encoded(patch)})
}

func (p *player) statusApply() {
	p.fresh()
	obj := p.partial()
	obj["status"] = p.status()
	p.do(operation{
		verb: "status apply", method: "PATCH", path: p.path() + "/status" + p.query("fieldManager", p.one("one", "two"), "force", "true"),
		media: mediaApply, body: encoded(obj),
	})
}

func (p *player) delete() {
	p.ensure()
	options := map[string]any{"kind": "DeleteOptions", "apiVersion": "v1"}
	if p.IntN(2) == 0 {
		options["propagationPolicy"] = p.one("Background", "Foreground", "Orphan")
	}
	if p.coin(4) {
		options["gracePeriodSeconds"] = int64(p.IntN(3))
	}
	if p.coin(8) {
		options["dryRun"] = []any{"All"}
	}
	precondition := p.IntN(4)
	p.do(operation{
		verb: "delete", method: "DELETE", path: p.path(), media: mediaJSON,
		from: func(own map[string]any) []byte {
			options := runtime.DeepCopyJSON(options)
			switch precondition {
			case 0:
				uid, _ := at(own, "/metadata/uid")
				setAt(options, "/preconditions/uid", uid)
			case 1:
				version, _ := at(own, "/metadata/resourceVersion")
				setAt(options, "/preconditions/resourceVersion", version)
			}
			return encoded(options)
		},
	})
}

// deleteHeld deletes an object that a finalizer holds, writes to it, deletes it again, and lets it go.
func (p *player) deleteHeld() {
	p.ensure()
	p.certain = true // else a dry run would be taken for the step
	hold := operation{
		verb: "merge patch", method: "PATCH", path: p.path() + p.query(), media: mediaMerge,
		body: []byte(`{"metadata":{"finalizers":["example.com/hold"]}}`),
	}
	p.do(hold)
	held := operation{
		verb: "delete held", method: "DELETE", path: p.path(), media: mediaJSON,
		body: encoded(map[string]any{"propagationPolicy": p.one("Background", "Foreground", "Orphan")}),
	}
	p.do(held)
	switch p.IntN(4) {
	case 0:
		p.do(held)
	case 1:
		p.do(operation{verb: "merge patch", method: "PATCH", path: p.path() + p.query(), media: mediaMerge, body: []byte(`{"metadata":{"labels":{"late":"x"}}}`)})
	case 2:
		if p.exists() {
			p.do(operation{verb: "create", method: "POST", path: p.sample.path, media: mediaJSON, body: encoded(p.varied())})
		}
	}
	if p.exists() {
		p.do(operation{
			verb: "json patch", method: "PATCH", path: p.path() + p.query(), media: mediaPatch,
			body: []byte(`[{"op":"remove","path":"/metadata/finalizers"}]`),
		})
	}
}

func (p *player) deleteCollection() {
	for p.n = range objects {
		p.ensure()
	}
	p.n = 0
	selector := p.one("app", "app in (a)", "app=a", "app!=a", "!updated")
	query := url.Values{"labelSelector": {p.kind.ours(selector)}}
	if p.coin(4) {
		query.Set("dryRun", "All")
	}
	if p.coin(4) {
		query.Set("fieldSelector", "metadata.name="+p.kind.name(p.IntN(objects)))
	}
	body := []byte(nil)
	if p.IntN(2) == 0 {
		body = encoded(map[string]any{"propagationPolicy": p.one("Background", "Foreground", "Orphan")})
	}
	o := operation{verb: "delete collection", method: "DELETE", path: p.sample.path + "?" + query.Encode(), media: mediaJSON, body: body}
	p.send(o)
	for p.n = range objects {
		if found := unexpected(p, o, p.look(o)); len(found) > 0 {
			p.report(o, found)
			p.reset()
		}
	}
}

const asMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

// anyVersion asks for an object as the cache of kube-apiserver has it, be it old.
const anyVersion = "?resourceVersion=0"

// awaitCache waits until the cache of kube-apiserver has the object as it was read last.
func (p *player) awaitCache(o operation) {
	for start := time.Now(); time.Since(start) < waitForWrites; {
		if versionIn(p.sides[0].do(p.t, o, nil)) == p.versions[p.n][0] {
			return
		}
	}
}

func (p *player) get() {
	p.ensure()
	o := operation{verb: "get", method: "GET", path: p.path() + p.one("", anyVersion, "?pretty=true")}
	if strings.HasSuffix(o.path, anyVersion) {
		p.awaitCache(o)
	}
	if p.coin(3) {
		o.accept = asMetadata
	}
	p.do(o)
}

func (p *player) list() {
	p.ensure()
	query := url.Values{}
	selector := ""
	if p.IntN(2) == 0 {
		selector = p.one("app=a", "app in (a,b)", "!merged", "app,updated notin (1)", "patched==1")
	}
	if selector = p.kind.ours(selector); selector != "" {
		query.Set("labelSelector", selector)
	}
	if p.coin(3) {
		query.Set("fieldSelector", p.one("metadata.name="+p.kind.name(0), "metadata.name!="+p.kind.name(1), "metadata.namespace="+p.kind.namespace))
	}
	o := operation{verb: "list", method: "GET"}
	if p.coin(3) {
		o.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	}
	if p.IntN(2) == 0 && p.kind.namespace != "" { // elsewhere a page ends where kube-apiserver's own objects are
		query.Set("limit", "1")
	}
	o.path = p.sample.path + "?" + query.Encode()
	replies := p.send(o)
	for {
		next := [2]string{}
		for i := range next {
			token, _ := at(replies[i].body, "/metadata/continue")
			next[i], _ = token.(string)
		}
		if next[0] == "" {
			return
		}
		for i, s := range p.sides {
			query.Set("continue", next[i])
			replies[i] = s.do(p.t, operation{method: "GET", path: p.sample.path + "?" + query.Encode(), accept: o.accept}, nil)
		}
		if found := unexpected(p, o, differences(replies[0], replies[1])); len(found) > 0 {
			p.report(o, found)
			return
		}
	}
}

// upgrade takes an object from client-side to server-side apply as kubectl does (KEP-555): its manager's updates become its
// apply.
func (p *player) upgrade() {
	p.vacate()
	obj, next := p.varied(), p.varied()
	if p.certain {
		obj, next = p.kind.object(p.sample, p.n), p.kind.object(p.sample, p.n)
	}
	applied := string(encoded(obj))
	setAt(obj, "/metadata/annotations", map[string]any{"kubectl.kubernetes.io/last-applied-configuration": applied + "\n"})
	p.do(operation{verb: "create", method: "POST", path: p.sample.path + "?fieldManager=kubectl-client-side-apply", media: mediaJSON, body: encoded(obj)})
	if p.IntN(2) == 0 {
		p.do(operation{
			verb: "merge patch", method: "PATCH", path: p.path() + "?fieldManager=kubectl-client-side-apply", media: mediaMerge,
			body: encoded(map[string]any{"metadata": map[string]any{"labels": map[string]any{"csa": "1"}}}),
		})
	}
	p.do(operation{verb: "upgrade", method: "PATCH", path: p.path() + "?fieldManager=kubectl&force=true", media: mediaApply, body: encoded(next)})
}
