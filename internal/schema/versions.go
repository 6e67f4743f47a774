package schema

// versions are those that a CustomResourceDefinition has, served or not.
type versions struct {
	// kinds are by version, nil for one of which the definition does not say what it looks like.
	kinds map[string]*Kind
	// stored names the one that objects are stored at.
	stored string
}

// At returns the kind at another version, nil for one that is not there. Known is false where there is no telling.
func (k *Kind) At(version string) (at *Kind, known bool) {
	switch {
	case version == k.GVK.Version:
		return k, true
	case k.versions == nil:
		return nil, false
	}
	at, ok := k.versions.kinds[version]
	return at, at != nil || !ok
}

// storedAt returns the kind at the version that objects are stored at, which is its own as far as is known.
func (k *Kind) storedAt() *Kind {
	if k.versions == nil || !k.Converts {
		return k
	}
	if at, _ := k.At(k.versions.stored); at != nil {
		return at
	}
	return k
}

// within returns the kind as one of the versions of a definition.
func (k *Kind) within(definition *Kind, loaded func(version string) *Kind) *Kind {
	out := *k
	out.Converts = out.Converts || definition.Converts
	out.versions = &versions{kinds: map[string]*Kind{}, stored: definition.versions.stored}
	for name, v := range definition.versions.kinds {
		if l := loaded(name); l != nil {
			v = l
		}
		out.versions.kinds[name] = v
	}
	return &out
}
