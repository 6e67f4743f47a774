package gc_test

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/gc"
)

func ExampleOwners() {
	server, err := apiserver.New(apiserver.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	server.Register(gc.Owners())
	api := server.API()

	configMap := func(name string, owners ...metav1.OwnerReference) *unstructured.Unstructured {
		obj := &unstructured.Unstructured{}
		obj.SetGroupVersionKind(configMaps)
		obj.SetNamespace("default")
		obj.SetName(name)
		obj.SetOwnerReferences(owners)
		created, err := api.Create(obj, apiserver.WriteOptions{Manager: "example"})
		if err != nil {
			fmt.Println(err)
		}
		return created
	}
	owner := configMap("owner")
	configMap("dependent", metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: owner.GetUID()})

	if err := api.Delete(configMaps, "default", "owner", metav1.DeleteOptions{}); err != nil {
		fmt.Println(err)
	}
	_, err = api.Get(configMaps, "default", "dependent")
	fmt.Println(err)
	// Output:
	// configmaps "dependent" not found
}
