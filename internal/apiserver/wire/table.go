package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

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
			Name: "Name", Type: "string", Format: "name", Description: "Name must be unique within a namespace.",
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
		return []column{{TableColumnDefinition: metav1.TableColumnDefinition{Name: "Age", Type: "string"}}}, nil
	}
	var out []column
	for _, def := range c.served.Custom.Columns {
		path := jsonpath.New(def.Name).AllowMissingKeys(true)
		if err := path.Parse("{" + def.JSONPath + "}"); err != nil {
			return nil, fmt.Errorf("column %s: %w", def.Name, err)
		}
		out = append(out, column{
			TableColumnDefinition: metav1.TableColumnDefinition{
				Name: def.Name, Type: def.Type, Format: def.Format, Description: def.Description, Priority: def.Priority,
			},
			path: path,
		})
	}
	return out, nil
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
	if c.Type != "date" {
		if c.Type == "string" {
			return strings.Trim(fmt.Sprint(value), "\n")
		}
		return value
	}
	at, err := time.Parse(time.RFC3339, fmt.Sprint(value))
	if err != nil {
		return "<invalid>"
	}
	return age(at, now)
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
