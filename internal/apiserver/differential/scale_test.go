package differential_test

import "strconv"

func (p *player) scaleGet() {
	p.ensure()
	p.do(operation{verb: "scale get", method: "GET", path: p.path() + "/scale"})
}

func (p *player) scaleUpdate() {
	p.ensure()
	n := int64(p.IntN(4) + 1)
	versioned := p.IntN(2) == 0
	p.do(operation{
		verb: "scale update", method: "PUT", path: p.path() + "/scale" + p.query(), media: mediaJSON,
		from: func(own map[string]any) []byte {
			meta := map[string]any{"name": p.kind.name(p.n), "namespace": p.kind.namespace}
			if versioned {
				meta["resourceVersion"], _ = at(own, "/metadata/resourceVersion")
			}
			return encoded(map[string]any{
				"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": meta, "spec": map[string]any{"replicas": n},
			})
		},
	})
}

func (p *player) scalePatch() {
	p.ensure()
	n := int64(p.IntN(4) + 1)
	o := operation{verb: "scale patch", method: "PATCH", path: p.path() + "/scale" + p.query()}
	if p.IntN(2) == 0 {
		o.media, o.body = mediaPatch, []byte(`[{"op":"add","path":"/spec/replicas","value":`+strconv.FormatInt(n, 10)+`}]`)
	} else {
		o.media, o.body = mediaMerge, encoded(map[string]any{"spec": map[string]any{"replicas": n}})
	}
	p.do(o)
}

func (p *player) scaleApply() {
	p.ensure()
	p.do(operation{
		verb: "scale apply", method: "PATCH", path: p.path() + "/scale" + p.query("fieldManager", p.one("one", "two"), "force", "true"),
		media: mediaApply, body: encoded(map[string]any{
			"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": map[string]any{"name": p.kind.name(p.n)},
			"spec": map[string]any{"replicas": int64(p.IntN(4) + 1)},
		}),
	})
}
