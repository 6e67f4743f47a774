package operator_test

import (
	"context"
	"fmt"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/yaml"
)

// Sprocket is the resource of the operator: it wants a ConfigMap with as many teeth.
type Sprocket struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   SprocketSpec   `json:"spec"`
	Status SprocketStatus `json:"status,omitzero"`
}

type SprocketSpec struct {
	Teeth int `json:"teeth"`
}

type SprocketStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

type SprocketList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Sprocket `json:"items"`
}

func (s *Sprocket) DeepCopyObject() runtime.Object {
	out := *s
	s.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Status.Conditions = nil
	for _, c := range s.Status.Conditions {
		out.Status.Conditions = append(out.Status.Conditions, *c.DeepCopy())
	}
	return &out
}

func (l *SprocketList) DeepCopyObject() runtime.Object {
	out := *l
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = nil
	for _, s := range l.Items {
		out.Items = append(out.Items, *s.DeepCopyObject().(*Sprocket))
	}
	return &out
}

var groupVersion = schema.GroupVersion{Group: "example.org", Version: "v1"}

func newScheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	s.AddKnownTypes(groupVersion, &Sprocket{}, &SprocketList{})
	metav1.AddToGroupVersion(s, groupVersion)
	return s, core.AddToScheme(s)
}

// definition declares the resource.
func definition() (*unstructured.Unstructured, error) {
	out := &unstructured.Unstructured{}
	return out, yaml.Unmarshal([]byte(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: sprockets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: sprockets, singular: sprocket, kind: Sprocket, listKind: SprocketList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec: {type: object, required: [teeth], properties: {teeth: {type: integer, minimum: 3}}}
          status:
            type: object
            properties:
              observedGeneration: {type: integer}
              conditions:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [type]
                items:
                  type: object
                  required: [type, status]
                  properties:
                    type: {type: string}
                    status: {type: string}
                    reason: {type: string}
                    message: {type: string}
                    observedGeneration: {type: integer}
                    lastTransitionTime: {type: string, format: date-time}
`), &out.Object)
}

const finalizer = "example.org/grease"

// reconciler keeps a ConfigMap for each Sprocket, and takes the grease off before one goes.
type reconciler struct {
	client.Client
	scheme *runtime.Scheme
	// degreased hears of each Sprocket that goes.
	degreased func(name string)
}

// Reconcile implements reconcile.Reconciler.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var s Sprocket
	if err := r.Get(ctx, request.NamespacedName, &s); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !s.DeletionTimestamp.IsZero() {
		if controllerutil.RemoveFinalizer(&s, finalizer) {
			r.degreased(s.Name)
			return ctrl.Result{}, client.IgnoreNotFound(r.Update(ctx, &s))
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(&s, finalizer) {
		if err := r.Update(ctx, &s); err != nil {
			return ctrl.Result{}, err
		}
	}
	child := &core.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, child, func() error {
		child.Data = map[string]string{"teeth": fmt.Sprint(s.Spec.Teeth)}
		return controllerutil.SetControllerReference(&s, child, r.scheme)
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	s.Status.ObservedGeneration = s.Generation
	meta.SetStatusCondition(&s.Status.Conditions, metav1.Condition{
		Type: "Ready", Status: metav1.ConditionTrue, Reason: "Cut", Message: fmt.Sprintf("%d teeth", s.Spec.Teeth), ObservedGeneration: s.Generation,
	})
	return ctrl.Result{}, r.Status().Update(ctx, &s)
}

// register gives the manager the controller. Its name is used by several managers of one process, as it never is in life.
func (r *reconciler) register(m ctrl.Manager) error {
	shared := true
	return ctrl.NewControllerManagedBy(m).For(&Sprocket{}).Owns(&core.ConfigMap{}).
		WithOptions(controller.Options{SkipNameValidation: &shared}).Complete(r)
}
