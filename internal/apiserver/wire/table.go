package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/client-go/util/jsonpath"
)

// column is one column of a table after the name.
type column struct {
	metav1.TableColumnDefinition
	path *jsonpath.JSONPath
}

// table shows objects with their name and age, custom resources with the columns that their definition names.
func (c *call) table(objects []*unstructured.Unstructured) (*metav1.Table, error) {
	columns, err := c.columns()
	if err != nil {
		return nil, err
	}
	t := &metav1.Table{
		TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "Table"},
		ColumnDefinitions: []metav1.TableColumnDefinition{{
			Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"],
		}},
		Rows: []metav1.TableRow{},
	}
	for _, col := range columns {
		t.ColumnDefinitions = append(t.ColumnDefinitions, col.TableColumnDefinition)
	}
	for _, obj := range objects {
		row := metav1.TableRow{Cells: []any{obj.GetName()}}
		for _, col := range columns {
			row.Cells = append(row.Cells, col.cell(obj, c.core.API().Now()))
		}
		if row.Object, err = c.rowObject(obj); err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// rowObject is what a row carries of its object: by default its metadata.
func (c *call) rowObject(obj *unstructured.Unstructured) (runtime.RawExtension, error) {
	var value any
	switch c.query.Get("includeObject") {
	case "None":
		return runtime.RawExtension{}, nil
	case "Object":
		value = obj.Object
	default:
		value = map[string]any{
			"apiVersion": partialKind.GroupVersion().String(), "kind": partialKind.Kind, "metadata": obj.Object["metadata"],
		}
	}
	raw, err := json.Marshal(value)
	return runtime.RawExtension{Raw: raw}, err
}

func (c *call) columns() ([]column, error) {
	if c.served.Custom == nil {
		return []column{{TableColumnDefinition: metav1.TableColumnDefinition{
			Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"],
		}}}, nil
	}
	var out []column
	for _, def := range c.served.Custom.Columns {
		path := jsonpath.New(def.Name).AllowMissingKeys(true)
		if err := path.Parse("{" + def.JSONPath + "}"); err != nil {
			return nil, fmt.Errorf("column %s: %w", def.Name, err)
		}
		out = append(out, column{
			TableColumnDefinition: metav1.TableColumnDefinition{
				Name: def.Name, Type: def.Type, Format: def.Format, Description: columnDescription(def), Priority: def.Priority,
			},
			path: path,
		})
	}
	return out, nil
}

// columnDescription is what a column says about itself, or where it is from.
func columnDescription(def apiextensionsv1.CustomResourceColumnDefinition) string {
	switch {
	case def.Description != "":
		return def.Description
	case def.JSONPath == ".metadata.creationTimestamp":
		return metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]
	}
	return "Custom resource definition column (in JSONPath format): " + def.JSONPath
}

// cell is the value of a column for an object. Dates are shown as ages.
func (c column) cell(obj *unstructured.Unstructured, now time.Time) any {
	if c.path == nil {
		return age(obj.GetCreationTimestamp().Time, now)
	}
	found, err := c.path.FindResults(obj.Object)
	if err != nil || len(found) == 0 || len(found[0]) == 0 {
		return nil
	}
	value := found[0][0].Interface()
	switch c.Type {
	case "string":
		var text bytes.Buffer
		if c.path.PrintResults(&text, []reflect.Value{reflect.ValueOf(value)}) != nil {
			return nil
		}
		return text.String()
	case "date":
		text, ok := value.(string)
		if !ok {
			return nil
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return "<invalid>"
		}
		return age(at, now)
	}
	return plainCell(c.Type, value)
}

// plainCell returns a value of the type that a column has, nil for one of another type.
func plainCell(kind string, value any) any {
	switch v := value.(type) {
	case bool:
		if kind == "boolean" {
			return v
		}
	case int64:
		switch kind {
		case "integer":
			return v
		case "number":
			return float64(v)
		}
	case float64:
		switch kind {
		case "integer":
			return int64(v)
		case "number":
			return v
		}
	}
	return nil
}

func age(since, now time.Time) string {
	if since.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(since))
}

func fromUnstructured(in map[string]any, out any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructured(in, out)
}
