package wire

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

var (
	partialKind     = metav1.SchemeGroupVersion.WithKind("PartialObjectMetadata")
	partialListKind = metav1.SchemeGroupVersion.WithKind("PartialObjectMetadataList")
)

// present returns an object as the request's format shows it.
func (c *call) present(obj *unstructured.Unstructured) (any, format, error) {
	switch c.format.as {
	case "Table":
		table, err := c.table([]*unstructured.Unstructured{obj})
		if err != nil {
			return nil, c.format, err
		}
		table.ResourceVersion = obj.GetResourceVersion()
		return table, c.format, nil
	case "PartialObjectMetadata":
		value, err := c.partial(obj)
		return value, c.format, err
	}
	return obj.Object, c.format, nil
}

// partial returns the metadata of an object.
func (c *call) partial(obj *unstructured.Unstructured) (any, error) {
	if c.format.media == mediaProtobuf {
		return c.metadataOf(obj)
	}
	return map[string]any{
		"apiVersion": partialKind.GroupVersion().String(), "kind": partialKind.Kind, "metadata": c.served.Metadata(obj),
	}, nil
}

func (c *call) metadataOf(obj *unstructured.Unstructured) (*metav1.PartialObjectMetadata, error) {
	var out metav1.PartialObjectMetadata
	if err := fromUnstructured(map[string]any{"metadata": c.served.Metadata(obj)}, &out); err != nil {
		return nil, err
	}
	out.SetGroupVersionKind(partialKind)
	return &out, nil
}

// listMeta returns the metadata of a page.
func listMeta(page apiserver.Page) metav1.ListMeta {
	m := metav1.ListMeta{ResourceVersion: strconv.FormatUint(page.Version, 10), RemainingItemCount: page.Remaining}
	if page.Next != nil {
		m.Continue = continueToken{Version: int64(page.Version), Namespace: page.Next.Namespace, Name: page.Next.Name}.encode()
	}
	return m
}

// sendList answers with a page.
func (c *call) sendList(page apiserver.Page) error {
	m := listMeta(page)
	switch c.format.as {
	case "Table":
		table, err := c.table(page.Items)
		if err != nil {
			return err
		}
		table.ListMeta = m
		send(c.w, 200, c.format, schema.GroupVersionKind{}, table)
		return nil
	case "PartialObjectMetadataList", "PartialObjectMetadata":
		list := &metav1.PartialObjectMetadataList{ListMeta: m} // of nothing it is null
		list.SetGroupVersionKind(partialListKind)
		for _, obj := range page.Items {
			item, err := c.metadataOf(obj)
			if err != nil {
				return err
			}
			list.Items = append(list.Items, *item)
		}
		send(c.w, 200, c.format, partialListKind, list)
		return nil
	}
	kind := c.served.GVK.GroupVersion().WithKind(c.served.ListKind)
	items := make([]any, len(page.Items))
	for i, obj := range page.Items {
		if c.served.Custom == nil {
			// The items of a list of a built-in kind do not repeat it.
			delete(obj.Object, "apiVersion")
			delete(obj.Object, "kind")
		}
		items[i] = obj.Object
	}
	meta := map[string]any{"resourceVersion": m.ResourceVersion}
	if m.Continue != "" || c.served.Custom != nil {
		meta["continue"] = m.Continue
	}
	if m.RemainingItemCount != nil {
		meta["remainingItemCount"] = *m.RemainingItemCount
	}
	send(c.w, 200, c.format, kind, map[string]any{
		"apiVersion": kind.GroupVersion().String(), "kind": kind.Kind, "metadata": meta, "items": items,
	})
	return nil
}
