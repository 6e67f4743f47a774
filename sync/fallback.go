package sync

import (
	"github.com/setpoint-dev/setpoint/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fallbackHealth judges nothing. It stands in until package health has its rules.
var fallbackHealth = health.CheckerFunc(func(obj *unstructured.Unstructured) (health.Result, error) {
	if obj == nil {
		return health.Result{Status: health.Missing, Reason: "Missing", Message: "it does not exist"}, nil
	}
	return health.Result{Status: health.Unknown, Reason: "NoRules"}, nil
})
