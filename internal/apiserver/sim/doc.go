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
//   - Deployments (rolling and recreate, pause, revisions, history), ReplicaSets, StatefulSets (order, partitions, claims,
//     revisions), DaemonSets (one pod a node, rolling), Jobs (also indexed and suspended, with their backoff limit).
//   - Two nodes, node-1 and node-2, always Ready. Every pod fits; resources, taints and topology are not weighed. Scheduling
//     gates, another scheduler's name and unbound claims hold a pod back.
//   - Pods become Ready at once when their ConfigMaps and Secrets are there. With restartPolicy Never or OnFailure they have
//     done their work and are Succeeded. A deleted pod goes at once.
//   - Claims are bound to volumes of the default StorageClass "standard" or of any other that exists; LoadBalancer Services get
//     an address; EndpointSlices and Endpoints follow Services, and copy their labels.
//   - HorizontalPodAutoscalers hold their target inside its bounds and find it at its target value; PodDisruptionBudgets count;
//     an APIService with a backend says why that does not answer, since pods run nothing.
//   - Every namespace has the ServiceAccount "default" and the ConfigMap "kube-root-ca.crt".
//
// # Failures on request
//
// The annotation [FailAnnotation] on a pod, usually through a pod template, asks for a failure: [ImagePull], [CrashLoop] or
// [NeverReady]. Any other value holds the pod in Pending with a message. Taking the annotation away heals the pod.
//
// # What is not
//
// Time does not pass between writes: minReadySeconds, backoff delays, ttlSecondsAfterFinished and CronJob schedules are not
// waited for (a CronJob stays idle), and a rollout exceeds its progressDeadlineSeconds only when the clock has moved and
// something about it is written again. Orphaned pods are not adopted. Quotas are not enforced. Ingresses get no address.
package sim
