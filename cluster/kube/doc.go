// Package kube is a [cluster.Client] that talks to a Kubernetes API server over the network.
//
//	client, err := kube.FromKubeconfig("", "", nil) // what kubectl would use
//	if err != nil {
//		return err
//	}
//	web := cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web"}
//	obj, err := client.Get(ctx, web, cluster.GetOptions{})
//
// [New] takes a [rest.Config] instead, so that every authentication method, proxy and transport of client-go works. Requests
// go straight through that transport and not through client-go's typed or dynamic clients: a caller of this package needs
// the status code, the warnings and the advice to wait of its own request, which those clients share or hide.
//
// # Discovery
//
// Kinds are learned from the aggregated discovery documents (KEP-3352), one for the core group and one for all others,
// each fetched when first needed; a server without them is asked group by group. What was learned is kept. A kind that is
// not among it makes the document be asked for again, at most once for each call and once for all calls that wait at the
// same time; an unchanged document costs an answer without a body. A group version whose document the server marks as
// stale, as it does for an APIService without a backend, is a [*cluster.DiscoveryError] for the kinds that could be in it
// and for nothing else.
//
// # Load
//
// There is no limit on the rate of requests by default: API Priority and Fairness (stable since Kubernetes 1.29) lets the
// server share itself out, and a client-side limit only adds waiting to that. An answer 429 was not executed and is sent
// again after the time that the server names, a few times. For older servers set [Options].QPS.
//
// # Errors
//
// Every failed request is an [*cluster.Error]. Messages of the server are passed on in its words, without the credentials
// of the configuration and, for a Secret, without the values that were sent.
//
// # Concurrency
//
// A [Client] is safe for concurrent use, and so are the clients that [Client.As] derives from it, which share its
// connections and caches. No goroutine outlives a call, apart from those that the HTTP transport keeps for idle
// connections.
package kube
