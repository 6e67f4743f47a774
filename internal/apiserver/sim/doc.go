// Package sim plays the controllers, the scheduler, the kubelets, the volume provisioner and the load balancers of a cluster,
// so that what is written to the memory API server comes to life: a Deployment gets its ReplicaSet, that its Pods, and they
// become Ready.
//
// It is one [apiserver.Controller]. Every reaction is a step that looks at the state and writes what is missing; the writes
// are changes in turn, so a rollout runs to its end within the write that began it. Nothing sleeps and nothing runs beside
// the writes: the same writes lead to the same states, apart from generated names. Parts write under the field managers of those
// they play, and statuses through the status subresource, so managedFields look as they do in a cluster.
//
// # What is simulated
//
//   - Deployments (rolling and recreate, pause, revisions, history, minReadySeconds, progress deadline), ReplicaSets,
//     ReplicationControllers, StatefulSets (order, partitions, claims, revisions), DaemonSets (one pod a node, rolling), Jobs
//     (also indexed and suspended; back-off, limits, deadlines, policies about failures and success, time to live), CronJobs (zones, deadlines,
//     policies about concurrent Jobs, history).
//   - Two nodes, node-1 and node-2. Every pod fits; resources, taints and topology are not weighed, but a node that is not
//     ready gets no pods and loses those that do not tolerate it. Scheduling gates, another scheduler's name and unbound
//     claims hold a pod back.
//   - Pods become Ready at once when their ConfigMaps and Secrets are there. With restartPolicy Never or OnFailure they have
//     done their work and are Succeeded. A deleted pod goes at once. See package podlife for what a pod says of itself.
//   - Claims are bound to volumes of the default StorageClass "standard" or of any other that exists, at once or, where the
//     class says so, when the first pod needs them; a claim that a pod uses and a volume that is bound stay while that is so.
//     LoadBalancer Services get an address; EndpointSlices and Endpoints follow Services, and copy their labels.
//   - HorizontalPodAutoscalers hold their target inside its bounds and find it at its target value; PodDisruptionBudgets count;
//     an APIService with a backend says why that does not answer, since pods run nothing.
//   - Every namespace has the ServiceAccount "default" and the ConfigMap "kube-root-ca.crt".
//
// # Steps, time and the script
//
// A [Rule] makes objects fare otherwise: fail, or take their time. What takes its time waits for steps ([Simulator.Step]), so
// that a test sees a rollout in every state on its way. What a cluster waits for by the clock (minReadySeconds, deadlines,
// back-off, schedules, times to live, grace periods) waits for the server's clock here: every change, step and
// [Simulator.Tick] does what has become due, and [Simulator.Due] tells when that is next.
//
// Without a rule, the annotation [podlife.FailAnnotation] on a pod, usually through a pod template, asks for a failure.
//
// # What is not
//
// maxUnavailable of StatefulSets and retention of their claims, surges of DaemonSets, the behavior of autoscalers (they scale at once) and metrics other than of resources. Orphaned
// pods are not adopted. ResourceQuotas do not count. An Ingress of any class gets an address, and is
// looked at no further. No Events are written.
//
// # Concurrency
//
// The server calls a simulator from one goroutine at a time; whoever calls it otherwise does so through
// [apiserver.Server.Between].
package sim
