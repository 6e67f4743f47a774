// Package manifesttest tests manifests without a cluster: it applies them to an API server in the process, whose simulated
// controllers bring them to life, and says what a cluster would have said. A test takes milliseconds.
//
//	func TestManifests(t *testing.T) {
//		c := manifesttest.New(t, nil)
//		c.Apply(t, objects...)
//		c.Settle(t)
//		c.RequireNoWarnings(t)
//		c.RequireHealthy(t)
//	}
//
// Objects come from wherever manifests are rendered, such as a render.Result, whose origins [Cluster.Locate] takes so that
// failures name files and lines.
//
// # What it finds
//
// [Cluster.Apply] finds what the server refuses: unknown and mistyped fields, missing ones, bad values, selectors that do
// not match, namespaces and definitions that are not there. [Cluster.RequireNoWarnings] finds what it takes and advises
// against. [Cluster.RequireHealthy] finds workloads that do not come up, such as a pod whose ConfigMap is spelled otherwise,
// and says why. [Cluster.RequireUpgradable] finds what makes the step from one revision to the next fail or lose data.
// [Cluster.RequireGolden] shows in a review what a change does to the stored objects.
//
// What the server does and does not check is in the doc of package memory. Images are not pulled and processes not run:
// a pod is ready when everything that it refers to is there.
//
// # Failures
//
// Every method whose name begins with Require, and Apply and Settle, end the test by FailNow, after they have looked at
// everything: a message lists all faults. Values of Secrets are in none of them.
//
// # Goldens
//
// MANIFESTTEST_UPDATE=1 in the environment writes golden files. It is no flag because a package cannot know which flags the
// tests that import it define; [Options.Update] connects it to one of theirs.
//
// # Concurrency
//
// Clusters are independent of each other, so parallel tests make one each.
//
// # Imports
//
// The package joins memory with its celrules, kube and health for tests, as package sync joins diff and health: it is the
// exception, beside sync, from the rule that leaves do not import leaves.
package manifesttest
