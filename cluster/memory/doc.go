// Package memory is a Kubernetes API server in the process, for tests, previews and programs that want a cluster for a
// moment. It speaks the Kubernetes REST protocol, so clients that others wrote work against it unchanged:
//
//	server, err := memory.New(&memory.Options{Controllers: true})
//	if err != nil {
//		return err
//	}
//	defer server.Close()
//	client, err := kubernetes.NewForConfig(server.Config())
//
// [Server.Config] calls the server without a socket; [Server] is also an http.Handler, for clients in other processes.
// Everything that was asked is in [Server.Requests].
//
// # What it does
//
// It serves the generally available kinds of Kubernetes v1.37.1, in each of their stable versions, and kinds that
// CustomResourceDefinitions declare, through one path: every verb of every kind decodes, prunes, defaults, records
// field ownership, validates and appends to one versioned log, from which watches are told. Create, get, list, update,
// the four patch types with server-side apply, delete and deletecollection; dry run; field validation with warnings;
// generateName; preconditions, grace periods, finalizers and propagation; status and scale; label and field selectors;
// lists that page through one snapshot; watches with initial events and bookmarks, and 410 for a version from before
// the log. Bodies are JSON, YAML or protobuf, answers also Tables and metadata alone. Discovery is there in both forms,
// and so are the OpenAPI documents, v2 and v3.
//
// Field managers are apimachinery's own, so managedFields, conflicts and forced takeovers are those of kube-apiserver.
// A differential test sends the same random requests to both and compares the answers and the stored objects.
//
// Owner references are collected, and namespaces and definitions emptied before they go, with or without simulated
// controllers. With [Options].Controllers workloads come to life. Controllers run inside the write that woke them: when
// a write returns, everything that follows from it has happened. Nothing sleeps, and the same writes lead to the same
// states.
//
// # In tests
//
// [Options].Objects are there from the start; [Manifests] reads them from YAML. [Options].Admission takes functions in
// the place of admission webhooks. [Server.Inject] makes requests fail on the wire: by a status, by latency, by a
// connection that breaks before the request is handled, before its answer or in the middle of a watch. [Server.Expire]
// makes the server forget the past. Time is [Options].Now, and nothing sleeps but the latency that a test injects.
//
// # Simulated controllers
//
// With [Options].Controllers everything fares well and at once, unless a test says otherwise. [Options].Script and
// [Server.Script] give objects a [Behavior], by kind, namespace, name and labels: ready after n steps, an image that
// cannot be pulled, a crash loop, a quota that is exceeded, claims that are bound late or never, the address of a load
// balancer, a node that is not ready, what metrics call for. [Server.Step] lets what waits make one move,
// [Server.Settle] as many as it takes.
//
// What a cluster waits for by the clock waits for the server's clock: minReadySeconds, progress and active deadlines,
// back-off delays, schedules, times to live, grace periods of pods that linger, tolerations of nodes that are not
// ready. [Server.Advance] moves it ahead and does on the way what becomes due; [Server.Due] tells when that is next. On
// a clock that runs by itself, such as the default one, what has become due is done with the next write or step:
// nothing runs beside the requests.
//
//	err = server.Script(memory.ScriptRule{Kind: "Deployment", Name: "web", Behavior: memory.Behavior{Outcome: memory.CrashLoop}})
//	…
//	err = server.Advance(10 * time.Minute) // past the deadline of the rollout
//
// What is simulated, compared scenario by scenario with kube-controller-manager: Deployments, ReplicaSets,
// ReplicationControllers, StatefulSets, DaemonSets, Jobs and CronJobs; two nodes that take every pod; binding of
// claims, also on first use, and protection of volumes and claims in use; load balancers, Endpoints and EndpointSlices;
// HorizontalPodAutoscalers and PodDisruptionBudgets; the ServiceAccount and the ConfigMap that every namespace has.
// Left out are maxUnavailable of StatefulSets and retention of their claims, surges of DaemonSets, the behavior of
// autoscalers and metrics other than of resources, adoption of orphaned pods, ResourceQuotas and Events.
// Ingresses of any class get an address, as an ingress controller behind a load balancer gives; that is compared with nothing.
//
// # What it does not do
//
// The following is refused with an error that names it:
//
//   - what needs a node or a signer: logs, exec, attach, port forwarding, proxying, ephemeral containers, resizing of
//     pods, service account tokens, TokenReview (501)
//   - CBOR (406 and 415), alpha and beta versions of built-in kinds (404)
//   - watches under /api/v1/watch and its siblings, and the server's own metrics (404); bindings that are posted to a
//     namespace in place of a pod (501)
//   - definitions of several versions that ask for a conversion webhook, unless [Options].Convert has a function for
//     the kind (422)
//   - field selectors that the kind does not index (400)
//   - definitions with rules in CEL, unless [Options].Rules is a compiler of them or [Options].IgnoreRules is set (422)
//
// The following is not checked, and a write that the real server would refuse may be accepted:
//
//   - authentication, and authorization by roles and bindings: every identity may do everything, unless
//     [Options].Authorize says otherwise; who is impersonated is believed
//   - admission by webhooks and policies that are stored as objects ([Options].Admission takes functions)
//   - admission that is built into kube-apiserver: quotas, limit ranges with their defaults, pod security, whether the
//     service account, the priority class and the runtime class exist that a pod names (kube-apiserver answers 403)
//   - what rules in CEL of definitions would cost at worst, which kube-apiserver estimates; what they do cost is bounded
//   - values of kinds outside the forty that people keep in Git: their types, names and immutable fields are checked.
//     Of the forty (core, apps, batch, rbac, networking, policy, autoscaling, storage, scheduling, discovery, admission
//     registration, definitions, Lease) the values are: required fields, enums, ranges, forms of strings, and what must
//     agree with what. Not among it are expressions of admission policies and match conditions, what status writes say
//     of conditions of most kinds, and some parts of volume sources and of priorities that few use
//   - the last 128 bytes of what etcd takes: an object beyond 1.5 MiB as a cluster stores it is refused (500), and may be so
//     a little earlier or later than there
//   - rules in CEL of definitions where [Options].IgnoreRules is set; the definition's answer carries a warning
//
// The following differs. Paths are those of the source of Kubernetes v1.37.1 that does otherwise:
//
//   - Tables of built-in kinds, which kubectl get prints, have the columns name and age; those of custom resources have
//     the columns of their definition (pkg/printers/internalversion/printers.go)
//   - the OpenAPI documents of built-in kinds carry no descriptions and no enums, so kubectl explain shows fields and
//     types (pkg/generated/openapi)
//   - pods get a service account, a priority and tolerations, but no token volume (plugin/pkg/admission/serviceaccount)
//   - a write of a PersistentVolumeClaim that changes nothing is no write, as for every kind; on kube-apiserver it
//     moves the time of its entry (pkg/registry/core/persistentvolumeclaim/storage/storage.go)
//   - an update that writes a quantity in another form of the same value takes no ownership of it; kube-apiserver
//     compares the text (staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go)
//   - a strategic merge patch with empty labels in place of none is no write; on kube-apiserver it moves the time of the
//     manager's entry (apiserver/pkg/endpoints/handlers/fieldmanager/equality.go)
//   - an empty list of webhooks in place of none does not move the generation of a webhook configuration
//     (pkg/registry/admissionregistration/validatingwebhookconfiguration/strategy.go)
//   - a name that no Service may have is refused as such; on kube-apiserver the allocator of addresses refuses it first
//     (pkg/registry/core/service/storage/alloc.go)
//   - without simulated controllers the finalizers that protect volumes and claims in use end when the deletion begins
//     (pkg/controller/volume/pvcprotection and pvprotection)
//   - fields of the internal form of an object, which the real server shows in some messages, are shown as they are
//     written (pkg/apis)
//   - no APIService objects stand for the groups that the server itself serves (cmd/kube-apiserver/app/aggregator.go)
//   - there is one server: no leases of its own, no other kubernetes endpoints than the Service
//     (pkg/controlplane/reconcilers)
//
// # Errors
//
// Clients get the Status that the real server would send, so apimachinery's IsNotFound, IsConflict and their siblings
// hold. After [Server.Close] every request fails in the transport.
//
// # The process
//
// A program that links this package has a limit of 3 MiB on what the copies of one JSON patch add, wherever it uses
// gopkg.in/evanphx/json-patch.v4: the library has one variable for the process, AccumulatedCopySizeLimit, which is set
// as kube-apiserver sets it, before main. A program that needs another one sets the variable itself.
//
// # Concurrency
//
// All methods are safe for concurrent use, and so are clients. Writes to one object are ordered as they are stored.
package memory
