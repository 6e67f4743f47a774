package celrules

import (
	"maps"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// declared is the CEL type of a node.
type declared struct {
	typ    *cel.Type
	fields map[string]*declared // of an object, by escaped name
	elem   *declared            // of a list or a map
}

// declare returns the type that rules see a node as, under a name if it is an object; nil for what rules cannot see: values
// without a type, and lists and maps of them.
func declare(node *apiextensionsv1.JSONSchemaProps, name string) *declared {
	if node.XIntOrString {
		return &declared{typ: cel.DynType}
	}
	if node.XEmbeddedResource {
		node = withObjectMeta(node)
	}
	switch node.Type {
	case "array":
		return declareList(node, name)
	case "object":
		return declareObject(node, name)
	case "string":
		return &declared{typ: stringType(node.Format)}
	case "boolean":
		return &declared{typ: cel.BoolType}
	case "number":
		return &declared{typ: cel.DoubleType}
	case "integer":
		return &declared{typ: cel.IntType}
	}
	return nil
}

func declareList(node *apiextensionsv1.JSONSchemaProps, name string) *declared {
	if node.Items == nil || node.Items.Schema == nil {
		return nil
	}
	elem := declare(node.Items.Schema, name+".@idx")
	if elem == nil {
		return nil
	}
	return &declared{typ: cel.ListType(elem.typ), elem: elem}
}

func declareObject(node *apiextensionsv1.JSONSchemaProps, name string) *declared {
	if values := node.AdditionalProperties; values != nil && values.Schema != nil {
		elem := declare(values.Schema, name+".@elem")
		if elem == nil {
			return nil
		}
		return &declared{typ: cel.MapType(cel.StringType, elem.typ), elem: elem}
	}
	d := &declared{typ: cel.ObjectType(name), fields: map[string]*declared{}}
	for property, schema := range node.Properties {
		escaped, ok := escape(property)
		if !ok {
			continue
		}
		if field := declare(&schema, name+"."+escaped); field != nil {
			d.fields[escaped] = field
		}
	}
	return d
}

func stringType(format string) *cel.Type {
	switch format {
	case "byte":
		return cel.BytesType
	case "duration":
		return cel.DurationType
	case "date", "date-time":
		return cel.TimestampType
	}
	return cel.StringType
}

// withObjectMeta returns node with the fields of an object's identity, which rules may read on every object.
func withObjectMeta(node *apiextensionsv1.JSONSchemaProps) *apiextensionsv1.JSONSchemaProps {
	text := apiextensionsv1.JSONSchemaProps{Type: "string"}
	out := *node
	out.Properties = maps.Clone(node.Properties)
	if out.Properties == nil {
		out.Properties = map[string]apiextensionsv1.JSONSchemaProps{}
	}
	out.Properties["apiVersion"], out.Properties["kind"] = text, text
	out.Properties["metadata"] = apiextensionsv1.JSONSchemaProps{
		Type:       "object",
		Properties: map[string]apiextensionsv1.JSONSchemaProps{"name": text, "generateName": text},
	}
	return &out
}

// provider knows the object types of one schema beside CEL's own.
type provider struct {
	types.Provider
	structs map[string]*declared
}

func (p *provider) add(d *declared) {
	if d.fields != nil {
		p.structs[d.typ.TypeName()] = d
	}
	for _, field := range d.fields {
		p.add(field)
	}
	if d.elem != nil {
		p.add(d.elem)
	}
}

// FindStructType implements [types.Provider].
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if d, ok := p.structs[name]; ok {
		return types.NewTypeTypeWithParam(d.typ), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements [types.Provider].
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if _, ok := p.structs[name]; ok {
		return nil, false // rules make no objects
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType implements [types.Provider].
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	d, ok := p.structs[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, field)
	}
	if f, ok := d.fields[field]; ok {
		return &types.FieldType{Type: f.typ}, true
	}
	return nil, false
}
