// Package health judges whether objects do what they were made for.
//
//	result, err := health.New(nil).Check(obj)
//
// A verdict comes from the object alone, so it costs no request. It carries a [Status] in Argo CD's words, a reason for programs, a message for
// the person who has to act, and the name of the rule that decided.
//
// # Rules
//
// The kinds of Kubernetes have rules of their own, with Argo CD's outcomes. They differ where Argo CD's lose something: a pod's init containers
// are looked at like its containers, a failed Job is one whose condition is True and not merely there, and a deletion that finalizers hold up
// says which. Annotations of other tools decide nothing here, such as Argo CD's for a pod's restart policy. Kinds of Kubernetes in which nothing has to converge, such as ConfigMap or Role, are healthy once they exist.
//
// Every other kind is judged by convention, without knowing its name, in this order:
//
//  1. status.observedGeneration differs from metadata.generation: Progressing ([ReasonNotObserved]).
//  2. A condition Stalled, Failed, Failure, Degraded or Error is True: Degraded.
//  3. spec.suspend or spec.paused is true, or a condition Suspended or Paused is True: Suspended.
//  4. A condition Reconciling is True: Progressing.
//  5. The condition Ready decides when it is there, else Available, Healthy, Succeeded, Complete and Completed together: Healthy when all are True.
//     Succeeded that is False is Degraded; anything else that is not True is Progressing, because controllers retry.
//  6. None of those is there, and a condition Progressing is True: Progressing.
//  7. No such condition, and status.observedGeneration equals metadata.generation: Healthy.
//  8. No status at all: Unknown ([ReasonNoStatus]). No controller has touched the object, and it is not healthy for that.
//  9. A status that follows none of these: Unknown ([ReasonNoVerdict]).
//
// A condition whose own observedGeneration is not the object's says nothing about it: in rules 2 to 4 and 6 it is passed over, and in rule 5 the
// object is Progressing.
// Whether Unknown holds up a deployment is for the caller to say; the reasons tell the cases apart.
//
// # Errors
//
// The rules here return none: whatever an object holds, there is a verdict. An error comes from a checker that a caller added.
//
// # Concurrency
//
// A [Mux] is safe for concurrent use once it is set up.
//
// # Implementing Checker
//
// Answer [Unknown] with a reason when the object does not say enough, and never panic on a field of an odd type: status is written
// by others. [Mux.Handle] puts a checker in charge of a kind.
package health
