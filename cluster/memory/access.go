package memory

import "github.com/setpoint-dev/setpoint/internal/apiserver/wire"

// Access is something that an identity wants to do, as [Options].Authorize is asked about it
// (https://kubernetes.io/docs/reference/access-authn-authz/authorization/).
type Access struct {
	// User, UID, Groups and Extra are the identity: "system:admin", or the one that the request impersonates. The group
	// "system:authenticated" is always there, except in reviews that name the groups.
	User, UID string
	Groups    []string
	Extra     map[string][]string
	// Verb is get, list, watch, create, update, patch, delete or deletecollection; for paths that name no resource it is the
	// method in lower case.
	Verb string
	// Group, Version, Resource, Subresource, Namespace and Name say what it is done to. A request for a Namespace has its name
	// in both of the last two. All are empty for paths that name no resource.
	Group, Version, Resource, Subresource, Namespace, Name string
	// Path is what is asked for when it names no resource, such as "/apis".
	Path string
}

// authorize is the option as the handler asks it.
func (o *Options) authorize() wire.Authorize {
	if o.Authorize == nil {
		return nil
	}
	return func(in wire.Access) (bool, string) {
		a := Access{
			User: in.User.Username, UID: in.User.UID, Groups: in.User.Groups,
			Verb: in.Verb, Group: in.Group, Version: in.Version, Resource: in.Resource, Subresource: in.Subresource,
			Namespace: in.Namespace, Name: in.Name, Path: in.Path,
		}
		for key, values := range in.User.Extra {
			if a.Extra == nil {
				a.Extra = map[string][]string{}
			}
			a.Extra[key] = values
		}
		return o.Authorize(a)
	}
}
