package check

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

const (
	notNegative = "must be greater than or equal to 0"
	anyPort     = "must be between 1 and 65535, inclusive"
)

// amountFormats are the forms of quantities, of counts that may be percentages, and of ports that may be names.
var amountFormats = map[string]Format{
	"positive":    quantity("must be positive", func(q resource.Quantity) bool { return q.Sign() > 0 }),
	"notnegative": quantity(notNegative, func(q resource.Quantity) bool { return q.Sign() >= 0 }),
	"whole":       quantity("must be an integer", func(q resource.Quantity) bool { return q.MilliValue()%1000 == 0 }),
	"capacity": func(value any) []schema.Fault {
		var out []schema.Fault
		if q, ok := parse(value); ok && q.Sign() < 0 {
			out = one("must be a valid resource quantity")
		}
		return append(out, quantity("must be greater than zero", func(q resource.Quantity) bool { return q.Sign() > 0 })(value)...)
	},
	"sizelimit": func(value any) []schema.Fault {
		if q, ok := parse(value); ok && q.Sign() < 0 {
			return []schema.Fault{{Type: string(field.ErrorTypeForbidden), Detail: "SizeLimit field must be a valid resource quantity"}}
		}
		return nil
	},
	"share": share,
	"part": func(value any) []schema.Fault {
		return append(share(value), part(value)...)
	},
	"port": func(value any) []schema.Fault { return port(value, 1) },
	// A target port of zero is the port itself.
	"targetport": func(value any) []schema.Fault { return port(value, 0) },
}

// parse reads a quantity.
func parse(value any) (resource.Quantity, bool) {
	text, ok := value.(string)
	if !ok {
		n, ok := value.(int64)
		return *resource.NewQuantity(n, resource.DecimalSI), ok
	}
	q, err := resource.ParseQuantity(text)
	return q, err == nil
}

func quantity(detail string, holds func(resource.Quantity) bool) Format {
	return func(value any) []schema.Fault {
		if q, ok := parse(value); ok && !holds(q) {
			return one(detail)
		}
		return nil
	}
}

// share is a count that is not negative, or a percentage.
func share(value any) []schema.Fault {
	switch v := value.(type) {
	case string:
		return invalid(validation.IsValidPercent)(v)
	case int64:
		if v < 0 {
			return one(notNegative)
		}
	}
	return nil
}

// part refuses percentages of more than all.
func part(value any) []schema.Fault {
	text, _ := value.(string)
	if len(validation.IsValidPercent(text)) > 0 {
		return nil
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(text, "%")); err == nil && n > 100 {
		return one("must not be greater than 100%")
	}
	return nil
}

// count is the number in a count or percentage.
func count(value any) int64 {
	switch v := value.(type) {
	case string:
		n, err := strconv.ParseInt(strings.TrimSuffix(v, "%"), 10, 64)
		if err != nil {
			return 0
		}
		return n
	case int64:
		return v
	}
	return 0
}

func port(value any, least int64) []schema.Fault {
	switch v := value.(type) {
	case string:
		return invalid(validation.IsValidPortName)(v)
	case int64:
		if v < least || v > 65535 {
			return one(anyPort)
		}
	}
	return nil
}
