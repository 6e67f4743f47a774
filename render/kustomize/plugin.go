package kustomize

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/kio"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
)

// plugin looks at an entry that configures generators or transformers: YAML, a file of it, or a directory of such files.
func (w *walker) plugin(p place) {
	if remote(p.value) {
		w.inTree(p)
		return
	}
	if w.inline(p) {
		w.config(p, p.t.file, []byte(p.value))
		return
	}
	w.resource(p, plugin)
}

// config looks at the configuration of generators and transformers, through the eyes of kustomize's own reader.
func (w *walker) config(p place, name string, data []byte) {
	if _, errs := w.reader.DecodeYAML(name, data); len(errs) > 0 {
		w.faults = append(w.faults, errs...) // anchors in cycles, which kustomize's reader does not survive
		return
	}
	nodes, err := kio.FromBytes(data)
	if err != nil {
		w.fail(p, "%s: %w", p.fields[0], err)
		return
	}
	for _, n := range nodes {
		c := configuration{w, p, cluster.Origin{File: name}, len(nodes) == 1}
		c.look(n.YNode(), true)
	}
}

// pathKeys are the fields of kustomize's built-in generators and transformers that name paths.
var pathKeys = []string{
	"path", "paths", "files", "envs", "env", "targetFilePath", "valuesFile", "additionalValuesFiles", "argsFromFile", "chartHome", "configHome",
}

// configuration is the text of one generator or transformer.
type configuration struct {
	*walker
	from place
	at   cluster.Origin
	// lines is false when the nodes count their lines from somewhere inside the file.
	lines bool
}

func (c *configuration) fail(n *yaml.Node, err error) {
	at := c.at
	switch {
	case at.File == c.from.t.file:
		at = c.from.origin()
	case c.lines:
		at.Line = n.Line
	}
	c.faults = append(c.faults, &render.Error{Origin: at, Err: err})
}

// look looks for paths. At the top it looks at the kind too.
func (c *configuration) look(n *yaml.Node, top bool) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			c.look(item, top)
		}
		return
	case yaml.MappingNode:
	default:
		return
	}
	var apiVersion, kind string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case top && key.Value == "apiVersion":
			apiVersion = value.Value
		case top && key.Value == "kind":
			kind = value.Value
		case top && key.Value == "items":
			c.look(value, true)
			continue
		}
		for _, name := range pathKeys {
			if strings.EqualFold(key.Value, name) {
				c.path(key.Value, value)
			}
		}
		c.look(value, false)
	}
	if !top || strings.HasSuffix(kind, "List") {
		return
	}
	if apiVersion != "builtin" || kind == "HelmChartInflationGenerator" {
		c.fail(n, fmt.Errorf("%s: %w: %s %s would run a program; only kustomize's built-in ones are run, and of those not Helm's",
			c.from.fields[0], render.ErrUnsupported, apiVersion, kind))
	}
}

// path looks at the value of a field that names paths.
func (c *configuration) path(field string, value *yaml.Node) {
	switch value.Kind {
	case yaml.SequenceNode:
		for _, item := range value.Content {
			c.path(field, item)
		}
	case yaml.ScalarNode:
		_, after, _ := strings.Cut(value.Value, "=")
		if remote(value.Value) || remote(after) {
			c.fail(value, refused(field, value.Value))
		}
	}
}
