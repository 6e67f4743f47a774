package schema

import (
	smd4 "sigs.k8s.io/structured-merge-diff/v4/schema"
	smd6 "sigs.k8s.io/structured-merge-diff/v6/schema"
)

// convert copies a schema from version 6 to version 4, and warms the copy. Version 4 has no word for nullable, which neither
// version's merge looks at.
func convert(in *smd6.Schema) *smd4.Schema {
	out := &smd4.Schema{Types: make([]smd4.TypeDef, len(in.Types))}
	for i, t := range in.Types {
		out.Types[i] = smd4.TypeDef{Name: t.Name, Atom: atom(t.Atom)}
	}
	warm(out)
	return out
}

func atom(in smd6.Atom) smd4.Atom {
	var out smd4.Atom
	if in.Scalar != nil {
		s := smd4.Scalar(*in.Scalar)
		out.Scalar = &s
	}
	if in.List != nil {
		out.List = &smd4.List{
			ElementType:         typeRef(in.List.ElementType),
			ElementRelationship: smd4.ElementRelationship(in.List.ElementRelationship),
			Keys:                in.List.Keys,
		}
	}
	if in.Map != nil {
		m := &smd4.Map{
			ElementType:         typeRef(in.Map.ElementType),
			ElementRelationship: smd4.ElementRelationship(in.Map.ElementRelationship),
			Fields:              make([]smd4.StructField, len(in.Map.Fields)),
		}
		for i, f := range in.Map.Fields {
			m.Fields[i] = smd4.StructField{Name: f.Name, Type: typeRef(f.Type), Default: f.Default}
		}
		out.Map = m
	}
	return out
}

func typeRef(in smd6.TypeRef) smd4.TypeRef {
	out := smd4.TypeRef{NamedType: in.NamedType, Inlined: atom(in.Inlined)}
	if in.ElementRelationship != nil {
		r := smd4.ElementRelationship(*in.ElementRelationship)
		out.ElementRelationship = &r
	}
	return out
}

// warm fills every cache of the schema: first the field maps, which resolving copies, then what is resolved.
func warm(s *smd4.Schema) {
	s.FindNamedType("")
	var refs []smd4.TypeRef
	var visit func(a smd4.Atom)
	visitRef := func(r smd4.TypeRef) {
		if r.ElementRelationship != nil {
			refs = append(refs, r)
		}
		visit(r.Inlined)
	}
	visit = func(a smd4.Atom) {
		if a.List != nil {
			visitRef(a.List.ElementType)
		}
		if a.Map != nil {
			a.Map.FindField("")
			visitRef(a.Map.ElementType)
			for _, f := range a.Map.Fields {
				visitRef(f.Type)
			}
		}
	}
	for _, t := range s.Types {
		visit(t.Atom)
	}
	for _, r := range refs {
		if a, ok := s.Resolve(r); ok && a.Map != nil {
			a.Map.FindField("")
		}
	}
}
