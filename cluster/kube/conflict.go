package kube

import (
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/cluster"
)

// fieldConflicts returns the owners that an apply met, or nil when the causes name none.
func fieldConflicts(causes []metav1.StatusCause) error {
	var e cluster.ConflictError
	for _, cause := range causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		conflict := owner(cause.Message)
		conflict.Field = cause.Field
		e.Conflicts = append(e.Conflicts, conflict)
	}
	if e.Conflicts == nil {
		return nil
	}
	return &e
}

// owner reads the server's sentence about an owner, for which the Status has no fields:
//
//	conflict with "m"                                           an Apply entry
//	conflict with "m" using apps/v1 at 2006-01-02T15:04:05Z     an Update entry; the time may be missing
//	conflict with "m" with subresource "status" using apps/v1   one that was written through a subresource
//
// A sentence that reads differently is passed on as the manager.
func owner(sentence string) cluster.FieldConflict {
	const with, through = "conflict with ", " with subresource "
	manager, rest, ok := quoted(strings.TrimPrefix(sentence, with))
	if !ok {
		return cluster.FieldConflict{Manager: sentence}
	}
	c := cluster.FieldConflict{Manager: manager, Operation: string(metav1.ManagedFieldsOperationApply)}
	if after, found := strings.CutPrefix(rest, through); found {
		c.Subresource, rest, _ = quoted(after)
	}
	if strings.HasPrefix(rest, " using ") {
		c.Operation = string(metav1.ManagedFieldsOperationUpdate)
	}
	return c
}

// quoted splits a Go string literal off the start of s.
func quoted(s string) (value, rest string, ok bool) {
	literal, err := strconv.QuotedPrefix(s)
	if err != nil {
		return "", s, false
	}
	value, err = strconv.Unquote(literal)
	return value, s[len(literal):], err == nil
}
