package memory

import (
	"fmt"
	"slices"
)

// faultVerbs are those that a [Request] can have: of the authorization API, and the methods of paths that name no resource.
var faultVerbs = []string{
	"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection",
	"head", "post", "put", "options",
}

// faultBreaks are the places where a connection can break, in the order in which a request comes to them.
var faultBreaks = []Break{BreakRequest, BreakAnswer, BreakWatch, EndWatch}

// check returns what in a fault cannot mean anything.
func (f Fault) check() error {
	watch := f.Break == BreakWatch || f.Break == EndWatch
	switch {
	case f.Verb != "" && !slices.Contains(faultVerbs, f.Verb):
		return fmt.Errorf("no request has the verb %q: use one of %q", f.Verb, faultVerbs)
	case f.Break != "" && !slices.Contains(faultBreaks, f.Break):
		return fmt.Errorf("no connection breaks at %q: use one of %q", f.Break, faultBreaks)
	case !(f.Rate >= 0 && f.Rate <= 1): // nor is NaN
		return fmt.Errorf("the rate %v is no probability: use one from 0 to 1", f.Rate)
	case f.After < 0:
		return fmt.Errorf("after %d requests: use a number from 0", f.After)
	case f.Times < 0:
		return fmt.Errorf("%d times: use a number from 0, which is without end", f.Times)
	case f.Latency < 0:
		return fmt.Errorf("the latency %s is negative", f.Latency)
	case f.Events < 0:
		return fmt.Errorf("after %d events: use a number from 0", f.Events)
	case f.Events > 0 && !watch:
		return fmt.Errorf("events are for the breaks %q and %q only", BreakWatch, EndWatch)
	case watch && f.Verb != "" && f.Verb != "watch":
		return fmt.Errorf("the break %q concerns watches, not the verb %q", f.Break, f.Verb)
	}
	return nil
}
