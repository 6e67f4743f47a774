package check

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// indexLimits: not more indexes fail than there are, and of very many only so many.
func indexLimits(spec map[string]any, at *field.Path) field.ErrorList {
	const most, many, mostOfMany = 100000, 100000, 10000
	var errs field.ErrorList
	completions, counted := number(spec, "completions")
	failed, limited := number(spec, "maxFailedIndexes")
	where := at.Child("maxFailedIndexes")
	if limited && counted && failed > completions {
		errs = append(errs, field.Invalid(where, failed, "must be less than or equal to completions"))
	}
	if limited && failed > most {
		errs = append(errs, field.Invalid(where, failed, fmt.Sprintf("must be less than or equal to %d", most)))
	}
	if completions <= many || spec["backoffLimitPerIndex"] == nil {
		return errs
	}
	beyond := fmt.Sprintf("must be less than or equal to %d when completions are above %d and used with backoff limit per index", mostOfMany, many)
	if !limited {
		errs = append(errs, field.Required(where, fmt.Sprintf("must be specified when completions is above %d", many)))
	}
	if n, _ := number(spec, "parallelism"); n > mostOfMany {
		errs = append(errs, field.Invalid(at.Child("parallelism"), n, beyond))
	}
	if failed > mostOfMany {
		errs = append(errs, field.Invalid(where, failed, beyond))
	}
	return errs
}

// successRule: it counts indexes, within those that there are and those that it names.
func successRule(rule map[string]any, completions int64, counted bool, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(present(rule, "succeededCount", "succeededIndexes")) == 0 {
		errs = append(errs, field.Required(at, "at least one of succeededCount or succeededIndexes must be specified"))
	}
	if !counted {
		return errs // The lack of completions is a fault of its own.
	}
	indexes, named := rule["succeededIndexes"].(string)
	total, fault := int64(0), ""
	if named {
		if total, fault = countIndexes(indexes, completions); fault != "" {
			errs = append(errs, field.Invalid(at.Child("succeededIndexes"), indexes, "error parsing succeededIndexes: "+fault))
		}
	}
	n, ok := number(rule, "succeededCount")
	where := at.Child("succeededCount")
	if ok && n < 0 {
		errs = append(errs, field.Invalid(where, n, notNegative))
	}
	if ok && n > completions {
		errs = append(errs, field.Invalid(where, n, fmt.Sprintf("must be less than or equal to %d (the number of specified completions)", completions)))
	}
	if ok && named && n > total {
		errs = append(errs, field.Invalid(where, n, fmt.Sprintf("must be less than or equal to %d (the number of indexes in the specified succeededIndexes field)", total)))
	}
	return errs
}

// countIndexes counts the indexes in text such as "0,2-4", or says what is wrong with it: they rise, and are less than the number
// of completions.
func countIndexes(text string, completions int64) (total int64, fault string) {
	if text == "" {
		return 0, ""
	}
	last := int64(-1)
	for i, part := range strings.Split(text, ",") {
		ends := strings.Split(part, "-")
		if len(ends) > 2 {
			return 0, fmt.Sprintf("the fragment %q violates the requirement that an index interval can have at most two parts separated by '-'", part)
		}
		var bounds []int64
		for j, end := range ends {
			n, err := strconv.Atoi(end)
			switch {
			case err != nil:
				return 0, fmt.Sprintf("cannot convert string to integer for index: %q", end)
			case int64(n) >= completions:
				return 0, fmt.Sprintf("too large index: %q", end)
			case j == 1 && bounds[0] >= int64(n):
				return 0, fmt.Sprintf("non-increasing order, previous: %d, current: %d", bounds[0], n)
			}
			bounds = append(bounds, int64(n))
		}
		if i > 0 && last >= bounds[0] {
			return 0, fmt.Sprintf("non-increasing order, previous: %d, current: %d", last, bounds[0])
		}
		last = bounds[len(bounds)-1]
		total += last - bounds[0] + 1
	}
	return total, ""
}
