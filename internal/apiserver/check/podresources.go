package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

type amounts map[string]resource.Quantity

func amountsOf(c container, part string) amounts {
	out := amounts{}
	for name, value := range object(c.obj, "resources", part) {
		if q, ok := parse(value); ok {
			out[name] = q
		}
	}
	return out
}

func (a amounts) add(b amounts) {
	for name, q := range b {
		sum := a[name]
		sum.Add(q)
		a[name] = sum
	}
}

func (a amounts) most(b amounts) {
	for name, q := range b {
		if has, ok := a[name]; !ok || has.Cmp(q) < 0 {
			a[name] = q
		}
	}
}

// together is what all containers of a pod need at once: those that run together in sum, or what one that runs before them needs
// with those that have been started.
func together(all []container, part string) amounts {
	sum, before, started := amounts{}, amounts{}, amounts{}
	for _, c := range all {
		if !c.init {
			sum.add(amountsOf(c, part))
		}
	}
	for _, c := range all {
		if !c.init {
			continue
		}
		need := amountsOf(c, part)
		if c.sidecar {
			sum.add(need)
			started.add(need)
			need = maps.Clone(started)
		} else {
			need.add(started)
		}
		before.most(need)
	}
	sum.most(before)
	return sum
}

// podResources: what a pod may have as a whole is enough for its containers.
func podResources(spec map[string]any, all []container, at *field.Path) field.ErrorList {
	own := object(spec, "resources")
	if own == nil || str(spec, "os", "name") == "windows" {
		return nil
	}
	var errs field.ErrorList
	if own["claims"] != nil {
		errs = append(errs, field.Forbidden(at.Child("claims"), "claims may not be set for Resources at pod-level"))
		errs = append(errs, claimNames(list(own, "claims"), spec, at.Child("claims"))...)
	}
	short := func(part string, matters func(name string) bool) {
		need := together(all, part)
		for _, name := range slices.Sorted(maps.Keys(need)) {
			q := need[name]
			if has, ok := parse(get(own, part, name)); ok && matters(name) && q.Cmp(has) > 0 {
				errs = append(errs, field.Invalid(at.Child(part).Key(name), has.String(),
					fmt.Sprintf("must be greater than or equal to aggregate container %s of %s", part, q.String())))
			}
		}
	}
	short("requests", func(string) bool { return true })
	short("limits", func(name string) bool { return strings.HasPrefix(name, "hugepages-") })
	for i, c := range all {
		if c.init {
			continue
		}
		limits := amountsOf(c, "limits")
		for _, name := range slices.Sorted(maps.Keys(limits)) {
			q := limits[name]
			if has, ok := parse(get(own, "limits", name)); ok && q.Cmp(has) > 0 {
				errs = append(errs, field.Invalid(at.Child("containers").Index(i).Key(name).Child("limits"), q.String(),
					"must be less than or equal to pod limits of "+has.String()))
			}
		}
	}
	return errs
}
