package check

import (
	"net"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// addressFormats are the forms of IP addresses and their ranges.
var addressFormats = map[string]Format{
	"ip": listed(validation.IsValidIP),
	"legacyip": listed(func(at *field.Path, s string) field.ErrorList {
		return validation.IsValidIPForLegacyField(at, s, false, nil)
	}),
	"strictip": listed(func(at *field.Path, s string) field.ErrorList {
		return validation.IsValidIPForLegacyField(at, s, true, nil)
	}),
	"cidr": listed(validation.IsValidCIDR),
	"legacycidr": listed(func(at *field.Path, s string) field.ErrorList {
		return validation.IsValidCIDRForLegacyField(at, s, false, nil)
	}),
	"strictcidr": listed(func(at *field.Path, s string) field.ErrorList {
		return validation.IsValidCIDRForLegacyField(at, s, true, nil)
	}),
	"outside": outside,
	"endpointip": func(value any) []schema.Fault {
		text, _ := value.(string)
		faults := outside(value)
		if net.ParseIP(text) == nil && len(faults) > 0 && faults[0].Detail != "must not have leading 0s" {
			faults = append(faults, one("must be a valid IP address")...)
		}
		return faults
	},
}

// outside is an address that other machines can reach.
var outside = before(listed(func(at *field.Path, s string) field.ErrorList {
	return validation.IsValidIPForLegacyField(at, s, true, nil)
}), ordinaryIP)

// ordinaryIP refuses the addresses that mean something only on one machine or link.
func ordinaryIP(value any) []schema.Fault {
	text, _ := value.(string)
	ip := net.ParseIP(text)
	if ip == nil {
		return nil
	}
	var out []schema.Fault
	if ip.IsUnspecified() {
		out = append(out, one("may not be unspecified ("+text+")")...)
	}
	if ip.IsLoopback() {
		out = append(out, one("may not be in the loopback range (127.0.0.0/8, ::1/128)")...)
	}
	if ip.IsLinkLocalUnicast() {
		out = append(out, one("may not be in the link-local range (169.254.0.0/16, fe80::/10)")...)
	}
	if ip.IsLinkLocalMulticast() {
		out = append(out, one("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")...)
	}
	return out
}

// host checks the host of an Ingress rule, which is no address.
func host(value any) []schema.Fault {
	text, _ := value.(string)
	var out []schema.Fault
	if net.ParseIP(text) != nil || leadingZeros(text) {
		out = one("must be a DNS name, not an IP address")
	}
	return slices.Concat(out, dnsName(value))
}

// leadingZeros says that a string would be an address but for zeros before its numbers, which the server reads as one.
func leadingZeros(s string) bool {
	faults := validation.IsValidIPForLegacyField(field.NewPath("value"), s, true, nil)
	return len(faults) == 1 && faults[0].Detail == "must not have leading 0s"
}
