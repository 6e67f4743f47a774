package model

import (
	"sync"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Scheme returns the Go types of the built-in kinds. It is filled once and must not be changed.
var Scheme = sync.OnceValue(func() *runtime.Scheme {
	s := runtime.NewScheme()
	// Both only register static types into a scheme of our own; an error is a duplicate registration, which the tests see.
	must(scheme.AddToScheme(s))
	must(apiextensions.AddToScheme(s))
	s.AddKnownTypes(registration, &APIService{}, &APIServiceList{})
	metav1.AddToGroupVersion(s, registration)
	return s
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

var registration = schema.GroupVersion{Group: "apiregistration.k8s.io", Version: "v1"}
