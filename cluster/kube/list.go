package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// List yields the selected objects, [Options].PageSize in a request. The pages are of one moment, unless the list takes so
// long that the server has forgotten that moment (five minutes by default): the rest is then of a later one. Every object
// that exists throughout is yielded exactly once in either case.
func (c *Client) List(ctx context.Context, sel cluster.Selector) iter.Seq2[*unstructured.Unstructured, error] {
	return func(yield func(*unstructured.Unstructured, error) bool) {
		at, err := c.selected(ctx, "list", sel)
		if err != nil {
			yield(nil, err)
			return
		}
		given := map[string]struct{}{}
		next, limit, anew := "", c.pageSize, false
		for {
			page, err := c.page(ctx, at, sel, limit, next)
			var old *expired
			if errors.As(err, &old) && next != "" {
				// Without a token for the rest everything is listed anew, in one piece; what was given is passed over.
				if next = old.rest; next == "" {
					limit, anew = 0, true
				}
				continue
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, obj := range page.objects {
				key := obj.GetNamespace() + "/" + obj.GetName()
				if _, ok := given[key]; ok && anew {
					continue
				}
				given[key] = struct{}{}
				if !yield(obj, nil) {
					return
				}
			}
			if next = page.next; next == "" {
				return
			}
		}
	}
}

// selected resolves a selector to a collection.
func (c *Client) selected(ctx context.Context, op string, sel cluster.Selector) (target, error) {
	kind, err := c.resolve(ctx, op, selectorRef(sel), sel.Version)
	if err != nil {
		return target{}, err
	}
	at := target{kind: kind, version: sel.Version}
	if at.version == "" {
		at.version = kind.Versions[0]
	}
	if kind.Namespaced && sel.Namespace != "" {
		if err := validNamespace(sel.Namespace); err != nil {
			return target{}, &cluster.Error{Op: op, Ref: selectorRef(sel), Err: err}
		}
		at.namespace = sel.Namespace
	}
	return at, nil
}

// page is one answer to a list.
type page struct {
	objects       []*unstructured.Unstructured
	version, next string
}

// page reads one page, of everything when limit is zero.
func (c *Client) page(ctx context.Context, at target, sel cluster.Selector, limit int, next string) (*page, error) {
	query := selection(sel)
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if next != "" {
		query.Set("continue", next)
	}
	request := call{op: "list", ref: selectorRef(sel), method: http.MethodGet, path: at.path(""), query: query}
	if sel.MetadataOnly {
		request.accept = mediaPartialList
	}
	got, err := c.send(ctx, at, request)
	if err != nil {
		return nil, err
	}
	var list struct {
		Metadata metav1.ListMeta   `json:"metadata"`
		Items    []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(got.body, &list); err != nil {
		return nil, &cluster.Error{Op: "list", Ref: request.ref, Code: got.code, Err: fmt.Errorf("read the server's answer: %w", err)}
	}
	p := &page{version: list.Metadata.ResourceVersion, next: list.Metadata.Continue, objects: make([]*unstructured.Unstructured, len(list.Items))}
	for i, item := range list.Items {
		obj, err := decode(item)
		if err != nil {
			return nil, &cluster.Error{Op: "list", Ref: request.ref, Code: got.code, Err: err}
		}
		at.label(obj, sel.MetadataOnly)
		p.objects[i] = obj
	}
	return p, nil
}

// selection returns the query of a selector.
func selection(sel cluster.Selector) url.Values {
	query := url.Values{}
	if sel.Labels != "" {
		query.Set("labelSelector", sel.Labels)
	}
	if sel.Fields != "" {
		query.Set("fieldSelector", sel.Fields)
	}
	return query
}

// selectorRef is how errors name a list or watch.
func selectorRef(sel cluster.Selector) cluster.Ref {
	return cluster.Ref{Group: sel.Group, Kind: sel.Kind, Namespace: sel.Namespace}
}
