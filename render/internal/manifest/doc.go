// Package manifest turns the text of YAML and JSON files into Kubernetes objects that know their place.
//
// Text is read as kubectl reads it. A YAML scalar has the type that YAML 1.1 gives it (yes, no, on and off are booleans, 0777 is octal),
// because that is what sigs.k8s.io/yaml does and with it every tool that manifests are written for. Numbers become int64
// where they are whole and fit, else float64, as apimachinery's unstructured objects hold them. Beyond kubectl, a mapping
// that has a key twice is a fault, and aliases may multiply a document only up to a bound.
package manifest
