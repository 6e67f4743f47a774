package celrules

import (
	"fmt"
	"net/netip"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var (
	addressType = cel.ObjectType("net.IP")
	networkType = cel.ObjectType("net.CIDR")
)

func address(a netip.Addr) ref.Val {
	return opaque[netip.Addr]{a, addressType, func(a, b netip.Addr) bool { return a == b }}
}

func network(n netip.Prefix) ref.Val {
	return opaque[netip.Prefix]{n, networkType, func(a, b netip.Prefix) bool { return a == b }}
}

func parseAddress(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return a, fmt.Errorf("IP Address %q parse error during conversion from string: %w", text, err)
	case a.Zone() != "":
		return a, fmt.Errorf("IP address %q with zone value is not allowed", text)
	case a.Is4In6():
		return a, fmt.Errorf("IPv4-mapped IPv6 address %q is not allowed", text)
	}
	return a, nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	n, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return n, fmt.Errorf("network address parse error during conversion from string: %w", err)
	case n.Addr().Is4In6():
		return n, fmt.Errorf("IPv4-mapped IPv6 address %q is not allowed", text)
	}
	return n, nil
}

// addressFunctions are Kubernetes' functions for IP addresses.
var addressFunctions = func() map[string][]cel.FunctionOpt {
	read, is := parsed("ip", addressType, parseAddress, address, "")
	asks := func(id string, f func(a netip.Addr) bool) []cel.FunctionOpt {
		return member("ip_is_"+id, addressType, cel.BoolType, func(a netip.Addr) ref.Val { return types.Bool(f(a)) })
	}
	return map[string][]cel.FunctionOpt{
		"ip": {read, cel.MemberOverload("cidr_ip", []*cel.Type{networkType}, addressType,
			of(func(n netip.Prefix) ref.Val { return address(n.Addr()) }))},
		"isIP": {is},
		"ip.isCanonical": {cel.Overload("ip_is_canonical", []*cel.Type{cel.StringType}, cel.BoolType, of(func(text string) ref.Val {
			a, err := parseAddress(text)
			if err != nil {
				return types.WrapErr(err)
			}
			return types.Bool(a.String() == text)
		}))},
		"family": member("ip_family", addressType, cel.IntType, func(a netip.Addr) ref.Val {
			if a.Is4() {
				return types.Int(4)
			}
			return types.Int(6)
		}),
		"isUnspecified":        asks("unspecified", netip.Addr.IsUnspecified),
		"isLoopback":           asks("loopback", netip.Addr.IsLoopback),
		"isLinkLocalMulticast": asks("link_local_multicast", netip.Addr.IsLinkLocalMulticast),
		"isLinkLocalUnicast":   asks("link_local_unicast", netip.Addr.IsLinkLocalUnicast),
		"isGlobalUnicast":      asks("global_unicast", netip.Addr.IsGlobalUnicast),
		"string": {
			cel.Overload("ip_to_string", []*cel.Type{addressType}, cel.StringType, of(func(a netip.Addr) ref.Val { return types.String(a.String()) })),
			cel.Overload("cidr_to_string", []*cel.Type{networkType}, cel.StringType, of(func(n netip.Prefix) ref.Val { return types.String(n.String()) })),
		},
	}
}()

// networkFunctions are Kubernetes' functions for networks in CIDR notation.
var networkFunctions = func() map[string][]cel.FunctionOpt {
	read, is := parsed("cidr", networkType, parseNetwork, network, "network address parse error during conversion from string: ")
	covers := func(n, other netip.Prefix) ref.Val {
		return types.Bool(n.Overlaps(other) && n.Bits() <= other.Bits())
	}
	return map[string][]cel.FunctionOpt{
		"cidr":   {read},
		"isCIDR": {is},
		"containsIP": {
			cel.MemberOverload("cidr_contains_ip_ip", []*cel.Type{networkType, addressType}, cel.BoolType,
				of2(func(n netip.Prefix, a netip.Addr) ref.Val { return types.Bool(n.Contains(a)) })),
			cel.MemberOverload("cidr_contains_ip_string", []*cel.Type{networkType, cel.StringType}, cel.BoolType,
				of2(func(n netip.Prefix, text string) ref.Val {
					a, err := parseAddress(text)
					if err != nil {
						return types.WrapErr(err)
					}
					return types.Bool(n.Contains(a))
				})),
		},
		"containsCIDR": {
			cel.MemberOverload("cidr_contains_cidr", []*cel.Type{networkType, networkType}, cel.BoolType, of2(covers)),
			cel.MemberOverload("cidr_contains_cidr_string", []*cel.Type{networkType, cel.StringType}, cel.BoolType,
				of2(func(n netip.Prefix, text string) ref.Val {
					other, err := parseNetwork(text)
					if err != nil {
						return types.WrapErr(err)
					}
					return covers(n, other)
				})),
		},
		"prefixLength": member("cidr_prefix_length", networkType, cel.IntType, func(n netip.Prefix) ref.Val { return types.Int(n.Bits()) }),
		"masked":       member("cidr_masked", networkType, networkType, func(n netip.Prefix) ref.Val { return network(n.Masked()) }),
	}
}()
