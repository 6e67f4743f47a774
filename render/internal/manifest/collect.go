package manifest

import (
	"errors"
	"fmt"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
)

// Collector gathers the objects of a rendering with everything that is wrong about them. The zero Collector is ready; it is not
// safe for concurrent use.
type Collector struct {
	// MaxObjects bounds how many objects there may be; zero is no bound.
	MaxObjects int

	result render.Result
	errs   []error
	first  map[cluster.Ref]cluster.Origin
	full   bool
}

// Add takes an object, or notes that it was there before. Objects without a name are never the same.
func (c *Collector) Add(l Located) {
	ref := cluster.RefOf(l.Object)
	if ref.Name != "" {
		if first, ok := c.first[ref]; ok {
			c.Fault(&render.Error{Origin: l.Origin, Ref: ref, Err: fmt.Errorf("%w: it is also at %s", render.ErrDuplicate, first)})
			return
		}
		if c.first == nil {
			c.first = map[cluster.Ref]cluster.Origin{}
		}
		c.first[ref] = l.Origin
	}
	if c.MaxObjects > 0 && len(c.result.Objects) >= c.MaxObjects {
		if !c.full {
			c.full = true
			c.Fault(&render.Error{Origin: l.Origin, Ref: ref, Err: fmt.Errorf("%w: more than %d objects; raise MaxObjects", render.ErrTooLarge, c.MaxObjects)})
		}
		return
	}
	c.result.Objects = append(c.result.Objects, l.Object)
	c.result.Origins = append(c.result.Origins, l.Origin)
}

// Fault notes errors.
func (c *Collector) Fault(errs ...error) { c.errs = append(c.errs, errs...) }

// Warn notes something odd.
func (c *Collector) Warn(origin cluster.Origin, format string, args ...any) {
	c.result.Warnings = append(c.result.Warnings, render.Warning{Origin: origin, Message: fmt.Sprintf(format, args...)})
}

// Result returns what was gathered, or all faults joined. Nothing at all is the error that empty returns.
func (c *Collector) Result(empty func() error) (*render.Result, error) {
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	if len(c.result.Objects) == 0 {
		return nil, empty()
	}
	return &c.result, nil
}
