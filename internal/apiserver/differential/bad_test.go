package differential_test

import (
	"net/url"
	"slices"
	"strings"
)

// bad is a sort of request that is refused.
type bad struct {
	name string
	make func(p *player) (operation, bool)
}

func (p *player) apiVersion() string { return p.sample.Object["apiVersion"].(string) }

// post is a creation of an object that edit has spoiled.
func (p *player) post(edit func(obj map[string]any), query ...string) (operation, bool) {
	p.vacate()
	obj := p.kind.object(p.sample, p.n)
	edit(obj)
	return operation{method: "POST", path: p.sample.path + p.query(query...), media: mediaJSON, body: encoded(obj)}, true
}

// put is an update with an object that edit has spoiled.
func (p *player) put(edit func(obj map[string]any), query ...string) (operation, bool) {
	p.ensure()
	version := p.apiVersion()
	spoil := func(obj map[string]any) {
		obj["apiVersion"] = version // it may have been read at another one
		edit(obj)
	}
	return operation{method: "PUT", path: p.path() + p.query(query...), media: mediaJSON, from: p.editing(spoil)}, true
}

// patch is a patch of an object that is there.
func (p *player) patch(media, body string, query ...string) (operation, bool) {
	p.ensure()
	return operation{method: "PATCH", path: p.path() + p.query(query...), media: media, body: []byte(body)}, true
}

// ssa is an apply of an object that edit has spoiled.
func (p *player) ssa(edit func(obj map[string]any), query ...string) (operation, bool) {
	obj := p.kind.object(p.sample, p.n)
	edit(obj)
	query = append([]string{"fieldManager", "one", "force", "true"}, query...)
	return operation{method: "PATCH", path: p.path() + p.query(query...), media: mediaApply, body: encoded(obj)}, true
}

func (p *player) read(query url.Values) (operation, bool) {
	p.ensure()
	return operation{method: "GET", path: p.sample.path + "?" + query.Encode()}, true
}

func setter(pointer string, value any) func(map[string]any) {
	return func(obj map[string]any) { setAt(obj, pointer, value) }
}

func valueAt(obj any, pointer string) any {
	v, _ := at(obj, pointer)
	return v
}

const someUID = "11111111-1111-1111-1111-111111111111"

// bads are the sorts of bad input. What is wrong with a kind's own values stands with its sample.
var bads = []bad{
	{"unknown field applied", func(p *player) (operation, bool) { return p.ssa(setter("/unknown", map[string]any{"a": int64(1)})) }},
	{"unknown field, strict", func(p *player) (operation, bool) {
		return p.post(setter(p.one("/unknown", "/metadata/unknown"), "x"), "fieldValidation", "Strict")
	}},
	{"unknown field patched, strict", func(p *player) (operation, bool) {
		return p.patch(mediaMerge, `{"unknown":{"a":1}}`, "fieldValidation", "Strict")
	}},
	{"label", func(p *player) (operation, bool) {
		spoil := setter("/metadata/labels", map[string]any{"-bad-": "x y"})
		if p.IntN(2) == 0 {
			return p.ssa(spoil)
		}
		return p.post(spoil)
	}},
	{"annotation", func(p *player) (operation, bool) {
		return p.post(setter("/metadata/annotations", map[string]any{"a b": "c"}))
	}},
	{"finalizer", func(p *player) (operation, bool) { return p.post(setter("/metadata/finalizers", []any{"Not_A_Name"})) }},
	{"owner", func(p *player) (operation, bool) {
		return p.post(setter("/metadata/ownerReferences", []any{map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": "", "uid": someUID}}))
	}},
	{"labels of a wrong type", func(p *player) (operation, bool) { return p.patch(mediaMerge, `{"metadata":{"labels":"text"}}`) }},
	{"labels of a wrong type created", func(p *player) (operation, bool) { return p.post(setter("/metadata/labels", "text")) }},
	{"resourceVersion of the past", func(p *player) (operation, bool) {
		if p.IntN(2) == 0 {
			return p.patch(mediaMerge, `{"metadata":{"resourceVersion":"1","labels":{"v":"1"}}}`)
		}
		return p.put(setter("/metadata/resourceVersion", "1"))
	}},
	{"resourceVersion that is none", func(p *player) (operation, bool) {
		if p.IntN(2) == 0 {
			return p.put(setter("/metadata/resourceVersion", "soon"))
		}
		return p.read(url.Values{"resourceVersion": {"soon"}})
	}},
	{"resourceVersion at creation", func(p *player) (operation, bool) { return p.post(setter("/metadata/resourceVersion", "7")) }},
	{"uid applied", func(p *player) (operation, bool) { return p.ssa(setter("/metadata/uid", someUID)) }},
	{"uid", func(p *player) (operation, bool) { return p.put(setter("/metadata/uid", someUID)) }},
	{"malformed body", func(p *player) (operation, bool) {
		p.vacate()
		return operation{method: "POST", path: p.sample.path + p.query(), media: mediaJSON, body: []byte(p.one(`{"apiVersion":`, `[]`, `"text"`, ``, `{"metadata":{}}{`))}, true
	}},
	{"malformed patch", func(p *player) (operation, bool) {
		return p.patch(p.one(mediaMerge, mediaPatch, mediaStrategic), p.one(`{"a":`, `[`, `"text"`, ``, `7`))
	}},
	{"malformed apply", func(p *player) (operation, bool) {
		return p.patch(mediaApply, p.one(`{"a":`, `[]`, `"text"`, ``, "a: b: c"), "fieldManager", "one")
	}},
	{"media type", func(p *player) (operation, bool) {
		if p.IntN(2) == 0 {
			return p.patch(p.one("text/plain", "application/json", "application/patch"), `{}`)
		}
		o, ok := p.post(func(map[string]any) {})
		o.media = p.one("text/plain", "application/x-www-form-urlencoded")
		return o, ok
	}},
	{"accept", func(p *player) (operation, bool) {
		o, ok := p.read(url.Values{})
		o.accept = "text/plain"
		return o, ok
	}},
	{"name", func(p *player) (operation, bool) {
		// A job's name is also a label of its pods, which is refused as well.
		o, ok := p.post(setter("/metadata/name", "Not/A_Name"))
		return o, ok && p.kind.kind != "Job"
	}},
	{"no name", func(p *player) (operation, bool) {
		if p.kind.kind == "LimitRange" { // it gets one
			return operation{}, false
		}
		return p.post(setter("/metadata/name", nil))
	}},
	{"another name", func(p *player) (operation, bool) {
		if p.IntN(2) == 0 {
			return p.ssa(setter("/metadata/name", "other"))
		}
		return p.put(setter("/metadata/name", "other"))
	}},
	{"another namespace", func(p *player) (operation, bool) {
		switch p.IntN(3) {
		case 0:
			return p.ssa(setter("/metadata/namespace", "other"))
		case 1:
			return p.put(setter("/metadata/namespace", "other"))
		}
		return p.post(setter("/metadata/namespace", "other"))
	}},
	{"another kind", func(p *player) (operation, bool) {
		switch p.IntN(3) {
		case 0:
			return p.ssa(setter("/kind", "Other"))
		case 1:
			return p.put(setter("/kind", "Other"))
		}
		return p.post(setter("/kind", "Other"))
	}},
	{"another version", func(p *player) (operation, bool) {
		if p.IntN(2) == 0 {
			return p.ssa(setter("/apiVersion", "example.com/v1"))
		}
		return p.post(setter("/apiVersion", "example.com/v1"))
	}},
	{"unknown version", func(p *player) (operation, bool) {
		root := rootOf(p.apiVersion())
		return operation{method: "GET", path: strings.Replace(p.sample.path, root, root+"7", 1)}, true
	}},
	{"unknown subresource", func(p *player) (operation, bool) {
		p.ensure()
		return operation{method: "GET", path: p.path() + "/nothing"}, true
	}},
	{"created twice", func(p *player) (operation, bool) {
		p.ensure()
		return operation{method: "POST", path: p.sample.path + p.query(), media: mediaJSON, body: encoded(p.kind.object(p.sample, p.n))}, true
	}},
	{"absent", func(p *player) (operation, bool) {
		p.vacate()
		o := operation{method: p.one("GET", "DELETE"), path: p.path()}
		switch p.IntN(4) {
		case 0:
			o = operation{method: "PATCH", path: p.path() + p.query(), media: mediaMerge, body: []byte(`{"metadata":{"labels":{"a":"b"}}}`)}
		case 1:
			obj := p.kind.object(p.sample, p.n)
			setAt(obj, "/metadata/resourceVersion", p.one("", "7"))
			o = operation{method: "PUT", path: p.path() + p.query(), media: mediaJSON, body: encoded(obj)}
		case 2:
			obj := p.kind.object(p.sample, p.n)
			setAt(obj, "/metadata/uid", someUID)
			o = operation{method: "PUT", path: p.path() + p.query(), media: mediaJSON, body: encoded(obj)}
		}
		return o, true
	}},
	{"selector", func(p *player) (operation, bool) {
		return p.read(url.Values{"labelSelector": {p.one("a in (", "a=b=c", "-x-", "a==b c", "a in ()", "x y")}})
	}},
	{"field selector", func(p *player) (operation, bool) {
		return p.read(url.Values{"fieldSelector": {p.one("nope=1", "spec.nope=x", "metadata.name", "metadata.name in (a)", "metadata.labels=x")}})
	}},
	{"list parameter", func(p *player) (operation, bool) {
		switch p.IntN(5) {
		case 0:
			return p.read(url.Values{"limit": {"many"}})
		case 1:
			return p.read(url.Values{"continue": {"xyz"}})
		case 2:
			return p.read(url.Values{"resourceVersion": {"0"}, "resourceVersionMatch": {"Exact"}})
		case 3:
			return p.read(url.Values{"resourceVersionMatch": {"Exact"}})
		}
		return p.read(url.Values{"resourceVersion": {"0"}, "resourceVersionMatch": {"Sometimes"}})
	}},
	{"parameter", func(p *player) (operation, bool) {
		pair := [][2]string{
			{"dryRun", "Some"}, {"fieldValidation", "Maybe"}, {"force", "perhaps"}, {"fieldManager", strings.Repeat("m", 200)}, {"fieldManager", "a\x01"},
		}[p.IntN(5)]
		if p.IntN(2) == 0 {
			return p.post(func(map[string]any) {}, pair[0], pair[1])
		}
		return p.patch(mediaMerge, `{"metadata":{"labels":{"a":"b"}}}`, pair[0], pair[1])
	}},
	{"force without apply", func(p *player) (operation, bool) {
		return p.patch(mediaMerge, `{"metadata":{"labels":{"a":"b"}}}`, "force", "true")
	}},
	{"scale of a custom resource applied", func(p *player) (operation, bool) {
		p.ensure()
		return operation{
			method: "PATCH", path: p.path() + "/scale?fieldManager=one&force=true", media: mediaApply,
			body: encoded(map[string]any{"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": map[string]any{"name": p.kind.name(p.n)}, "spec": map[string]any{"replicas": int64(2)}}),
		}, p.kind.custom && p.sample.parts["scale"] != nil
	}},
	{"apply without a manager", func(p *player) (operation, bool) {
		p.ensure()
		return operation{method: "PATCH", path: p.path(), media: mediaApply, body: encoded(p.partial())}, true
	}},
	{"apply with managedFields", func(p *player) (operation, bool) {
		return p.ssa(setter("/metadata/managedFields", []any{map[string]any{"manager": "m", "operation": "Apply", "apiVersion": p.apiVersion()}}))
	}},
	{"managedFields", func(p *player) (operation, bool) {
		return p.put(setter("/metadata/managedFields", []any{map[string]any{"manager": "m", "operation": p.one("Guess", "Update"), "apiVersion": p.apiVersion(), "fieldsType": p.one("FieldsV1", "FieldsV7")}}))
	}},
	{"json patch test", func(p *player) (operation, bool) {
		return p.patch(mediaPatch, `[{"op":"test","path":"/metadata/labels/app","value":"never"}]`)
	}},
	{"json patch operation", func(p *player) (operation, bool) {
		return p.patch(mediaPatch, p.one(`[{"op":"guess","path":"/a"}]`, `[{"op":"remove","path":"/metadata/nothing"}]`, `[{"op":"replace","path":"/nowhere/x","value":1}]`,
			`[{"op":"add","path":"/metadata/labels/x","value":7}]`, `[{"path":"/a"}]`, `[{"op":"add","path":"nonsense","value":1}]`))
	}},
	{"name patched", func(p *player) (operation, bool) { return p.patch(mediaMerge, `{"metadata":{"name":"other"}}`) }},
	{"metadata patched", func(p *player) (operation, bool) {
		return p.patch(mediaMerge, p.one(`{"metadata":{"uid":"`+someUID+`"}}`, `{"metadata":{"creationTimestamp":"2020-01-01T00:00:00Z"}}`,
			`{"metadata":{"deletionTimestamp":"2020-01-01T00:00:00Z"}}`, `{"metadata":{"generation":77}}`, `{"metadata":null}`, `{"metadata":{"namespace":"other"}}`,
			`{"kind":"Other"}`, `{"apiVersion":"example.com/v1"}`, `{"apiVersion":""}`, `{"apiVersion":null}`, `{"kind":null}`, `{"metadata":{"managedFields":[]}}`))
	}},
	{"delete options", func(p *player) (operation, bool) {
		p.ensure()
		body := p.one(`{"propagationPolicy":"Sometimes"}`, `{"preconditions":{"uid":"`+someUID+`"}}`, `{"preconditions":{"resourceVersion":"1"}}`,
			`{"orphanDependents":true,"propagationPolicy":"Orphan"}`, `{"kind":"Other","apiVersion":"v1"}`, `{"gracePeriodSeconds":"x"}`, `{"dryRun":["Some"]}`, `nonsense`)
		return operation{method: "DELETE", path: p.path(), media: mediaJSON, body: []byte(body)}, true
	}},
	{"delete parameter", func(p *player) (operation, bool) {
		p.ensure()
		return operation{method: "DELETE", path: p.path() + "?" + p.one("propagationPolicy=Sometimes", "gracePeriodSeconds=x", "dryRun=Some", "orphanDependents=x")}, true
	}},
	{"field of a wrong type", func(p *player) (operation, bool) {
		all := pointers(p.sample.Vary, false)
		all = slices.DeleteFunc(all, func(pointer string) bool {
			return strings.Contains(pointer, "/metadata/") || strings.Contains(pointer, "/free") || strings.Contains(pointer, "/properties/")
		})
		if len(all) == 0 {
			return operation{}, false
		}
		pointer := all[p.IntN(len(all))]
		value := any(map[string]any{"oops": []any{true}})
		if p.kind.custom { // of an object, its unknown fields are told as well
			value = []any{true}
		}
		for _, v := range append([]any{valueAt(p.sample.Object, pointer)}, p.sample.Vary[pointer]...) {
			if _, ok := v.(map[string]any); ok {
				value = "text"
			}
		}
		spoil := setter(pointer, value)
		switch choice := p.IntN(3); {
		case choice == 0:
			return p.ssa(spoil)
		case choice == 1:
			return p.put(spoil)
		}
		return p.post(spoil)
	}},
	{"immutable field", func(p *player) (operation, bool) {
		all := pointers(p.sample.Frozen, false)
		if len(all) == 0 {
			return operation{}, false
		}
		pointer := all[p.IntN(len(all))]
		p.vacate()
		p.certain = true
		p.ensure()
		if p.IntN(2) == 0 {
			return p.ssa(setter(pointer, p.sample.Frozen[pointer]))
		}
		return p.put(setter(pointer, p.sample.Frozen[pointer]))
	}},
	{"value", func(p *player) (operation, bool) {
		all := pointers(p.sample.Refused, false)
		if len(all) == 0 {
			return operation{}, false
		}
		pointer := all[p.IntN(len(all))]
		switch p.IntN(3) {
		case 0:
			return p.ssa(setter(pointer, p.sample.Refused[pointer]))
		case 1:
			return p.put(setter(pointer, p.sample.Refused[pointer]))
		}
		return p.post(setter(pointer, p.sample.Refused[pointer]))
	}},
}
