// Package samples gives tests valid objects of Kubernetes' own kinds: those that the server's rules were learned from, and as
// many others as a test asks for.
//
//	deck, err := samples.NewDeck(schema.New(nil), objects)
//	obj := deck.Draw(r, gvk)                          // a sample
//	obj = deck.Reach(r, gvk, obj, place, nil)         // with the structure in it that a place is in
//	obj = deck.Vary(r, gvk, obj, &samples.Variation{Steps: 8})
//
// A [Deck] knows no kind by itself. It takes structures apart along the tables of internal/schema and keeps what it finds by
// the type that it has; a variation puts a field of a type in or takes it out, with a value that some sample has in a field of
// that name and type, that the rules allow, or that is its default. Whatever the fields of an object do not agree on is left to
// the checks of internal/apiserver/check, which a variation must pass.
//
// A place is a path such as "spec.template.spec.containers[].ports[].protocol", where "[]" steps into the items of a list
// and "{}" into the values of a map. [Defaulted] lists the places that a server fills in, and [Lists] those that hold lists.
package samples
