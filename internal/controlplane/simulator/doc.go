// Package simulator plays the parts of a cluster that a control plane lacks: nodes with their kubelets, the scheduler, a
// volume provisioner and a cloud's load balancers. Pods do not run anything; they get the status that a kubelet would
// report, so the real controllers above them (Deployment, Job, EndpointSlice, …) do their real work.
//
//   - Two nodes, node-1 and node-2, always Ready. A pod goes to the node that its affinity names (as a DaemonSet's pods
//     do), otherwise to one by hash. Resources, taints, selectors and topology are not weighed: every pod fits.
//     Scheduling gates, another scheduler's name and unbound claims hold a pod back, as they do in a cluster.
//   - A pod waits for the ConfigMaps and Secrets it needs, then is Running and Ready at once. One whose restartPolicy is
//     Never or OnFailure has done its work and is Succeeded.
//   - A pod that is being deleted is gone at once; its grace period is not waited for.
//   - The default StorageClass, "standard", provisions every claim; a released volume is deleted.
//   - A Service of type LoadBalancer gets an address, unless its loadBalancerClass asks for another implementation.
//
// # Failures on request
//
// The annotation [FailAnnotation] on a pod asks for a failure: [ImagePull], [CrashLoop] or [NeverReady]. It is read again
// whenever the pod changes, so removing it heals the pod. Any other value holds the pod in Pending with a message.
package simulator
