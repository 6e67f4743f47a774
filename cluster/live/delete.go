package live

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// deleteTries bounds how many objects that follow each other under one name a single call runs after.
const deleteTries = 8

// Delete deletes through the client behind the view. Of an object whose kind is followed, and that opts names by no UID,
// the UID is read first and made a precondition: an answer to a delete does not tell which object it was. When another
// object took the name in between, the delete is for that one.
func (v *View) Delete(ctx context.Context, ref cluster.Ref, opts cluster.DeleteOptions) error {
	if err := v.open("delete", ref); err != nil {
		return err
	}
	if opts.DryRun {
		return v.client.Delete(ctx, ref, opts)
	}
	before := v.covering(ref)
	if len(before) == 0 {
		err := v.client.Delete(ctx, ref, opts)
		if err == nil || unclear(err) {
			v.note(ref, &note{unknown: true}) // For those who began to follow meanwhile.
		}
		return err
	}
	if opts.UID != "" {
		return v.deleteExact(ctx, ref, opts, before)
	}
	exact := opts
	var err error
	for range deleteTries {
		obj, fault := v.client.Get(ctx, ref, cluster.GetOptions{})
		if fault != nil {
			return asDelete(fault)
		}
		if obj.GetUID() == exact.UID {
			return err // The conflict is about something else.
		}
		exact.UID = obj.GetUID()
		err = v.deleteExact(ctx, ref, exact, before)
		if opts.ResourceVersion != "" || !errors.Is(err, cluster.ErrConflict) {
			return err
		}
	}
	return err
}

// deleteExact deletes the object of that UID and notes it for those who followed its kind before and those who do now.
func (v *View) deleteExact(ctx context.Context, ref cluster.Ref, opts cluster.DeleteOptions, before []*follow) error {
	key := types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}
	begun := map[*follow]*note{}
	for _, f := range before {
		begun[f] = f.deleting(key, opts.UID)
	}
	err := v.client.Delete(ctx, ref, opts)
	for _, f := range v.covering(ref) {
		n, followed := begun[f]
		switch {
		case err == nil && followed:
			if n != nil {
				f.deleted(key, n, &note{uid: opts.UID, unseen: n.unseen})
			}
		case err == nil:
			f.wrote(key, &note{uid: opts.UID})
		case unclear(err) && followed:
			f.deleted(key, n, &note{unknown: true})
		case unclear(err):
			f.wrote(key, &note{unknown: true})
		case followed:
			f.deleted(key, n, nil)
		}
	}
	return err
}

// asDelete names the verb that the caller asked for.
func asDelete(err error) error {
	var e *cluster.Error
	if errors.As(err, &e) {
		e.Op = "delete"
	}
	return err
}
