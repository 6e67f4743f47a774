package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
)

const (
	// maxDepth bounds how deep a document may nest.
	maxDepth = 1000
	// maxExpansion bounds how many values the aliases of one rendering may add to those that its files spell out.
	maxExpansion = 1 << 20
)

// Document is one value of a file.
type Document struct {
	// Number counts the file's documents from 1, those left out for being empty included.
	Number int
	// Line is the first line of the value.
	Line int
	// Value is made of map[string]any, []any, string, bool, int64, float64 and nil.
	Value any
	// Items are the first lines of the elements of Value's key "items", when that is a list.
	Items []int
}

// Reader reads the files of one rendering, whose aliases share one bound: a short document may stand for a million values, and a
// file may hold thousands of those. The zero Reader is ready; it is not safe for concurrent use.
type Reader struct{ expanded int }

// Decode reads the documents of a file, JSON when its name ends in ".json" and else YAML. Documents without content are left out. Each fault is a
// [*render.Error]; the documents without fault are returned beside them.
func (r *Reader) Decode(file string, data []byte) ([]Document, []error) {
	if path.Ext(file) != ".json" {
		return r.DecodeYAML(file, data)
	}
	text, err := toUTF8(data)
	if err != nil {
		return nil, []error{fault(file, 0, 0, render.ErrSyntax, err)}
	}
	return decodeJSON(file, text, 1, 1)
}

// DecodeYAML is [Reader.Decode] for YAML, and JSON inside of it, whatever the file's name is.
func (r *Reader) DecodeYAML(file string, data []byte) ([]Document, []error) {
	text, err := toUTF8(data)
	if err != nil {
		return nil, []error{fault(file, 0, 0, render.ErrSyntax, err)}
	}
	var (
		docs []Document
		errs []error
	)
	for i, c := range split(text) {
		if c.empty {
			continue
		}
		doc, err := r.document(c)
		if err == nil {
			if doc.Number = i + 1; doc.Value != nil {
				docs = append(docs, doc)
			}
			continue
		}
		if jsonLike(c.text) {
			if more, problems := decodeJSON(file, c.text, i+1, c.line); len(problems) == 0 {
				docs = append(docs, more...)
				continue
			}
		}
		f := &lineError{c.line, render.ErrSyntax, err}
		errors.As(err, &f)
		errs = append(errs, fault(file, i+1, f.line, f.kind, f.err))
	}
	return docs, errs
}

func fault(file string, number, line int, kind, err error) error {
	return &render.Error{
		Origin: cluster.Origin{File: file, Document: number, Line: line},
		Err:    fmt.Errorf("%w: %w", kind, err),
	}
}

// lineError is a fault at a line of the file.
type lineError struct {
	line int
	kind error
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

func (e *lineError) Unwrap() error { return e.err }

func (r *Reader) document(c chunk) (doc Document, err error) {
	root, err := parse(c)
	if err != nil || root == nil {
		return Document{}, err
	}
	d := decoder{reader: r, offset: c.line - 1, open: map[*yaml.Node]bool{}}
	doc.Line = d.offset + root.Line
	if doc.Value, err = d.value(root, 0); err != nil {
		return Document{}, err
	}
	for root.Kind == yaml.AliasNode {
		root = root.Alias
	}
	if root.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(root.Content); i += 2 {
			if root.Content[i].Value != "items" || root.Content[i+1].Kind != yaml.SequenceNode {
				continue
			}
			for _, item := range root.Content[i+1].Content {
				doc.Items = append(doc.Items, d.offset+item.Line)
			}
		}
	}
	return doc, nil
}

var lineOf = regexp.MustCompile(`^yaml: line (\d+): `)

// parse returns the node of a document, nil when there is none. The YAML parser is not trusted to survive all input.
func parse(c chunk) (root *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, &lineError{c.line, render.ErrSyntax, fmt.Errorf("%v", p)}
		}
	}()
	var n yaml.Node
	err = yaml.NewDecoder(bytes.NewReader(c.text)).Decode(&n)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		line, text := c.line, strings.TrimPrefix(err.Error(), "yaml: ")
		if m := lineOf.FindStringSubmatch(err.Error()); m != nil {
			n, _ := strconv.Atoi(m[1])
			line += n - 1
			text = err.Error()[len(m[0]):]
			if tabbed(c.text, n) {
				text += "; the line is indented with a tab, use spaces"
			}
		}
		return nil, &lineError{line, render.ErrSyntax, errors.New(text)}
	}
	if n.Kind == yaml.DocumentNode {
		if len(n.Content) == 0 {
			return nil, nil
		}
		return n.Content[0], nil
	}
	return &n, nil
}

// tabbed reports whether the nth line of text, from 1, has a tab in its indentation, which YAML forbids and editors hide.
func tabbed(text []byte, nth int) bool {
	for line := range bytes.Lines(text) {
		if nth--; nth == 0 {
			content := bytes.TrimLeft(line, " \t")
			return bytes.ContainsRune(line[:len(line)-len(content)], '\t')
		}
	}
	return false
}

// decoder turns one document's nodes into values.
type decoder struct {
	reader  *Reader
	offset  int
	open    map[*yaml.Node]bool // the anchors being expanded
	aliases int                 // how many aliases enclose the current node
}

func (d *decoder) fail(n *yaml.Node, kind error, format string, args ...any) error {
	return &lineError{d.offset + n.Line, kind, fmt.Errorf(format, args...)}
}

func (d *decoder) value(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, d.fail(n, render.ErrTooLarge, "nested more than %d deep", maxDepth)
	}
	if d.aliases > 0 {
		if d.reader.expanded++; d.reader.expanded > maxExpansion {
			return nil, d.fail(n, render.ErrTooLarge, "aliases add more than %d values", maxExpansion)
		}
	}
	switch n.Kind {
	case yaml.ScalarNode:
		v, err := scalar(n)
		if err != nil {
			return nil, d.fail(n, render.ErrSyntax, "%w", err)
		}
		return v, nil
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			v, err := d.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.MappingNode:
		return d.mapping(n, depth)
	case yaml.AliasNode:
		return d.alias(n, func(target *yaml.Node) (any, error) { return d.value(target, depth+1) })
	default:
		return nil, d.fail(n, render.ErrSyntax, "unexpected node")
	}
}

// alias runs f on the node that an alias stands for.
func (d *decoder) alias(n *yaml.Node, f func(*yaml.Node) (any, error)) (any, error) {
	if n.Alias == nil || d.open[n.Alias] {
		return nil, d.fail(n, render.ErrSyntax, "anchor %q contains itself", n.Value)
	}
	d.open[n.Alias] = true
	d.aliases++
	defer func() {
		delete(d.open, n.Alias)
		d.aliases--
	}()
	return f(n.Alias)
}

func (d *decoder) mapping(n *yaml.Node, depth int) (any, error) {
	m := make(map[string]any, len(n.Content)/2)
	lines := make(map[string]int, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if merging(k) {
			merges = append(merges, n.Content[i+1])
			continue
		}
		for k.Kind == yaml.AliasNode && k.Alias != nil {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return nil, d.fail(n.Content[i], render.ErrSyntax, "a key must be a string")
		}
		name, err := key(k)
		if err != nil {
			return nil, d.fail(n.Content[i], render.ErrSyntax, "%w", err)
		}
		if first, ok := lines[name]; ok {
			return nil, d.fail(n.Content[i], render.ErrSyntax, "key %q is already set at line %d", name, first)
		}
		lines[name] = d.offset + n.Content[i].Line
		if m[name], err = d.value(n.Content[i+1], depth+1); err != nil {
			return nil, err
		}
	}
	for _, from := range merges {
		if err := d.merge(m, from, depth+1); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// merging reports whether a key is YAML 1.1's merge key.
func merging(k *yaml.Node) bool {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle
	return k.Kind == yaml.ScalarNode && k.Value == "<<" && k.Style&quoted == 0 && (k.Style&yaml.TaggedStyle == 0 || k.ShortTag() == "!!merge")
}

// merge adds to m what "<<" brings: the keys of a mapping, or of a list's mappings, that m does not have.
func (d *decoder) merge(m map[string]any, from *yaml.Node, depth int) error {
	add := func(n *yaml.Node) error {
		v, err := d.value(n, depth)
		if err != nil {
			return err
		}
		more, ok := v.(map[string]any)
		if !ok {
			return d.fail(n, render.ErrSyntax, `"<<" takes a mapping or a list of mappings`)
		}
		for k, v := range more {
			if _, ok := m[k]; !ok {
				m[k] = v
			}
		}
		return nil
	}
	list := from
	for list.Kind == yaml.AliasNode && list.Alias != nil {
		list = list.Alias
	}
	if list.Kind != yaml.SequenceNode {
		return add(from)
	}
	for _, n := range list.Content {
		if err := add(n); err != nil {
			return err
		}
	}
	return nil
}
