package memory_test

import (
	"context"
	"fmt"
	"log"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// scripted starts a server with simulated controllers that follow rules, and a client of it.
func scripted(rules ...memory.ScriptRule) (*memory.Server, kubernetes.Interface) {
	server, err := memory.New(&memory.Options{
		Controllers: true, Script: rules,
		Now: func() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		log.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	return server, client
}

// A claim that is bound late, and then one that nobody will bind.
func ExampleServer_Script() {
	server, client := scripted(memory.ScriptRule{
		Kind: "PersistentVolumeClaim", Name: "data-*", Behavior: memory.Behavior{After: 2},
	})
	defer server.Close()
	ctx, claims := context.Background(), client.CoreV1().PersistentVolumeClaims("default")
	create := func(name string) {
		claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}}
		claim.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
		claim.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: amount("1Gi")}
		if _, err := claims.Create(ctx, claim, metav1.CreateOptions{}); err != nil {
			log.Fatal(err)
		}
	}
	phase := func(name string) corev1.PersistentVolumeClaimPhase {
		claim, err := claims.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			log.Fatal(err)
		}
		return claim.Status.Phase
	}
	create("data-0")
	fmt.Println(phase("data-0"))
	fmt.Println(server.Settle(), phase("data-0"))

	fmt.Println(server.Script(memory.ScriptRule{Kind: "PersistentVolumeClaim", Behavior: memory.Behavior{Outcome: memory.NeverReady}}))
	create("data-1")
	fmt.Println(server.Settle(), phase("data-1"))
	fmt.Println(server.Script(memory.ScriptRule{Kind: "ConfigMap"}))
	// Output:
	// Pending
	// <nil> Bound
	// <nil>
	// <nil> Pending
	// script: rule 1: kind "ConfigMap" has no script: use one of CronJob, DaemonSet, Deployment, HorizontalPodAutoscaler, Ingress, Job, Node, PersistentVolumeClaim, Pod, ReplicaSet, ReplicationController, Service, StatefulSet
}

// A pod that needs two steps to become ready.
func ExampleServer_Step() {
	server, client := scripted(memory.ScriptRule{Kind: "Pod", Name: "web", Behavior: memory.Behavior{After: 2}})
	defer server.Close()
	pods := client.CoreV1().Pods("default")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}}
	pod.Spec.Containers = []corev1.Container{{Name: "web", Image: "example/web:1"}}
	if _, err := pods.Create(context.Background(), pod, metav1.CreateOptions{}); err != nil {
		log.Fatal(err)
	}
	for step := range 3 {
		pod, err := pods.Get(context.Background(), "web", metav1.GetOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(step, pod.Status.Phase, pod.Status.ContainerStatuses[0].Ready)
		if err := server.Step(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 0 Running false
	// 1 Running false
	// 2 Running true
}

// A rollout of pods that each take a step: Settle takes as many as there are.
func ExampleServer_Settle() {
	server, client := scripted(memory.ScriptRule{Kind: "StatefulSet", Behavior: memory.Behavior{After: 1}})
	defer server.Close()
	sets := client.AppsV1().StatefulSets("default")
	if _, err := sets.Create(context.Background(), statefulSet("db", 3), metav1.CreateOptions{}); err != nil {
		log.Fatal(err)
	}
	ready := func() int32 {
		set, err := sets.Get(context.Background(), "db", metav1.GetOptions{})
		if err != nil {
			log.Fatal(err)
		}
		return set.Status.ReadyReplicas
	}
	fmt.Println(ready())
	fmt.Println(server.Step(), ready())
	fmt.Println(server.Settle(), ready())
	// Output:
	// 0
	// <nil> 1
	// <nil> 3
}

// The clock is the server's own: an hour passes in no time.
func ExampleServer_Advance() {
	server, client := scripted()
	defer server.Close()
	ctx := context.Background()
	cron := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Name: "report"}}
	cron.Spec.Schedule = "*/20 * * * *"
	cron.Spec.JobTemplate.Spec.Template.Spec = corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "report", Image: "example/report:1"}},
	}
	if _, err := client.BatchV1().CronJobs("default").Create(ctx, cron, metav1.CreateOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(server.Advance(time.Hour), server.Now().Format(time.TimeOnly))
	jobs, err := client.BatchV1().Jobs("default").List(ctx, metav1.ListOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, job := range jobs.Items {
		fmt.Println(job.CreationTimestamp.UTC().Format(time.TimeOnly), job.Status.Succeeded)
	}
	// Output:
	// <nil> 13:00:00
	// 12:20:00 1
	// 12:40:00 1
	// 13:00:00 1
}

// What waits for the clock, and until when.
func ExampleServer_Due() {
	server, client := scripted()
	defer server.Close()
	set := webOf("web", 1)
	set.Spec.MinReadySeconds = 30
	deployments := client.AppsV1().Deployments("default")
	if _, err := deployments.Create(context.Background(), set, metav1.CreateOptions{}); err != nil {
		log.Fatal(err)
	}
	due, ok := server.Due()
	fmt.Println(due.UTC().Format(time.TimeOnly), ok)
	fmt.Println(server.Advance(30 * time.Second))
	live, err := deployments.Get(context.Background(), "web", metav1.GetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	_, ok = server.Due()
	fmt.Println(live.Status.AvailableReplicas, ok)
	// Output:
	// 12:00:30 true
	// <nil>
	// 1 false
}
