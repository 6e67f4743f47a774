package health

import "strings"

// addresses returns what a load balancer has given the object.
func (v view) addresses() string {
	var all []string
	for _, a := range v.list("status", "loadBalancer", "ingress") {
		all = append(all, orElse(a.str("ip"), orElse(a.str("hostname"), "one without a name")))
	}
	return strings.Join(all, ", ")
}

func service(o view) Result {
	if o.str("spec", "type") != "LoadBalancer" {
		return healthy(ReasonExists, "a service of this type has nothing to wait for")
	}
	if o.addresses() == "" {
		return progressing("NoAddress", "waits for the address of its load balancer; the cluster needs a controller that gives them")
	}
	return healthy("AddressAssigned", "the load balancer's address is %s", o.addresses())
}

func ingress(o view) Result {
	if o.addresses() == "" {
		class := "the default ingress class"
		if name := o.str("spec", "ingressClassName"); name != "" {
			class = "ingress class " + name
		}
		return progressing("NoAddress", "waits for an address; the cluster needs a controller for %s", class)
	}
	return healthy("AddressAssigned", "the load balancer's address is %s", o.addresses())
}

func apiService(o view) Result {
	c := o.condition("Available")
	switch {
	case c.isTrue():
		return healthy(c.why(), "the API is available")
	case c.kind == "":
		return progressing(ReasonNoStatus, "the API server has not tried the API yet")
	}
	return progressing(c.why(), "%s", c.says())
}
