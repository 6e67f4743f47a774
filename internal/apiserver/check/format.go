package check

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Format says what is wrong with a value.
type Format func(value any) []schema.Fault

// formats are the forms that rules name, gathered from the files of this package.
var formats = func() map[string]Format {
	out := map[string]Format{}
	for _, group := range []map[string]Format{nameFormats, pathFormats, addressFormats, amountFormats, resourceFormats, textFormats} {
		maps.Copy(out, group)
	}
	for _, n := range []int{15, 63, 64, 128, 250, 253, 512, 1024, 4095} {
		out["max:"+strconv.Itoa(n)] = atMost(n)
	}
	return out
}()

// Names returns the names of all formats, in order.
func Names() []string { return slices.Sorted(maps.Keys(formats)) }

// Conform says what is wrong with a value that has to have some formats. A fault is told once.
func Conform(names []string, value any) []schema.Fault {
	var out []schema.Fault
	for _, name := range names {
		f, ok := formats[name]
		if !ok {
			continue
		}
		for _, fault := range f(value) {
			if !slices.Contains(out, fault) {
				out = append(out, fault)
			}
		}
	}
	return out
}

// one is a single fault of an invalid value.
func one(detail string) []schema.Fault {
	return []schema.Fault{{Type: string(field.ErrorTypeInvalid), Detail: detail}}
}

// atMost bounds the length of a string.
func atMost(n int) Format {
	return func(value any) []schema.Fault {
		if text, _ := value.(string); len(text) > n {
			return []schema.Fault{{Type: string(field.ErrorTypeTooLong), Detail: "may not be more than " + strconv.Itoa(n) + " bytes"}}
		}
		return nil
	}
}

// invalid makes a format of a function that returns what is wrong with a string in words.
func invalid(f func(string) []string) Format {
	return func(value any) []schema.Fault {
		var out []schema.Fault
		text, _ := value.(string)
		for _, detail := range f(text) {
			out = append(out, one(detail)...)
		}
		return out
	}
}

// unless makes a format of a condition that a string has to meet.
func unless(detail string, holds func(string) bool) Format {
	return func(value any) []schema.Fault {
		if text, _ := value.(string); !holds(text) {
			return one(detail)
		}
		return nil
	}
}

// listed makes a format of a function that returns faults.
func listed(f func(*field.Path, string) field.ErrorList) Format {
	return func(value any) []schema.Fault {
		var out []schema.Fault
		text, _ := value.(string)
		for _, e := range f(field.NewPath("value"), text) {
			out = append(out, schema.Fault{Type: string(e.Type), Detail: e.Detail})
		}
		return out
	}
}

// before makes a format that asks the second only when the first has nothing to say.
func before(first, second Format) Format {
	return func(value any) []schema.Fault {
		if faults := first(value); len(faults) > 0 {
			return faults
		}
		return second(value)
	}
}

// trimmed makes a format of one that looks at the string without a suffix.
func trimmed(suffix string, f Format) Format {
	return func(value any) []schema.Fault {
		text, _ := value.(string)
		return f(strings.TrimSuffix(text, suffix))
	}
}
