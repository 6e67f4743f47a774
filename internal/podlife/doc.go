// Package podlife says what becomes of pods that nothing runs: which node they go to, what they wait for, and the status that
// a kubelet would report of them. It reads no clock and makes no request, so the memory API server and the real control
// plane of the tests share it: both play the same kubelet, one within a write, the other over the network.
//
// [Status] is the heart of it. It is given a pod and an [Observation], and returns the same status again for a pod that already
// reports it, so whoever writes what it returns comes to rest.
//
// # Failures on request
//
// The annotation [FailAnnotation] on a pod asks for a failure: [ImagePull], [CrashLoop] or [NeverReady]. [Asked] reads it. It is
// looked at again whenever the pod changes, so taking it away heals the pod. Any other value holds the pod in Pending with a
// message.
package podlife
