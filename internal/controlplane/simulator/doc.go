// Package simulator plays the parts of a cluster that a control plane lacks: nodes with their kubelets, the scheduler, a
// volume provisioner and a cloud's load balancers. Pods do not run anything; they get the status that a kubelet would
// report, so the real controllers above them (Deployment, Job, EndpointSlice, …) do their real work. What becomes of a pod
// is decided in internal/podlife of the SDK, which the API server in memory shares.
//
//   - Two nodes, node-1 and node-2, always Ready. A pod goes to the node that its affinity names (as a DaemonSet's pods
//     do), otherwise to one by hash. Resources, taints, selectors and topology are not weighed: every pod fits.
//     Scheduling gates, another scheduler's name and unbound claims hold a pod back, as they do in a cluster.
//   - A pod waits for the ConfigMaps and Secrets it needs, then is Running and Ready at once. One whose restartPolicy is
//     Never or OnFailure has done its work and is Succeeded.
//   - A pod that is being deleted is gone at once; its grace period is not waited for.
//   - The default StorageClass, "standard", provisions every claim, and any other of its provisioner does too; a class that
//     waits for the first consumer does so. A released volume is deleted.
//   - A Service of type LoadBalancer gets an address, unless its loadBalancerClass asks for another implementation.
//
// The annotation podlife.FailAnnotation on a pod asks for a failure.
package simulator
