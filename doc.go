// Package setpoint is the tour of an SDK for continuous delivery to Kubernetes, for those who build the tools: deployment
// agents, platform controllers, preview bots, tests of manifests. It has no symbols of its own.
//
// A setpoint is the value that a control loop drives a system toward. Here the system is a cluster, the setpoint is a Git
// revision, and the loop is yours: Setpoint gives you its parts, which work alone and join on standard types.
//
// In the order in which an object passes through them:
//
//   - [github.com/setpoint-dev/setpoint/source] yields the desired state as an immutable file tree of one revision;
//     source/git reads it straight out of Git objects, source/dir from a directory.
//   - [github.com/setpoint-dev/setpoint/render] turns the tree into objects that know their file and line: render/plain for
//     YAML and JSON, render/kustomize for kustomizations.
//   - [github.com/setpoint-dev/setpoint/cluster] is the vocabulary for objects and the interfaces to clusters. Its
//     implementations are cluster/kube for real ones and cluster/memory for an API server in the process; cluster/live
//     answers reads from watches. cluster/clustertest holds any implementation to the rules of a real server,
//     cluster/memory/manifesttest tests manifests without one, and cluster/memory/celrules evaluates the rules of definitions.
//   - [github.com/setpoint-dev/setpoint/diff] answers what a server-side apply would change, and whose fields those are, for one
//     object, a set, or two revisions with no cluster.
//   - [github.com/setpoint-dev/setpoint/health] judges whether an object does what it was made for, with the reason.
//   - [github.com/setpoint-dev/setpoint/sync] makes a plan, which is a value, and runs it: in waves, gated by health, pruning
//     only what its inventory proves to be its own. sync/inventory keeps that record in the cluster.
//
// Nothing here starts a goroutine that outlives the call, keeps global state, or installs anything into the cluster. Start
// with the example programs: examples/quickstart tells the whole story without a cluster, and on yours when asked;
// examples/loop is a caller's own loop in a screen of code, examples/preview reports what a pull request would change.
package setpoint
