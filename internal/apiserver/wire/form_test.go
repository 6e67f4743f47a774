package wire_test

import (
	"net/http"
	"testing"
)

const (
	autoscalersV1 = "/apis/autoscaling/v1/namespaces/{ns}/horizontalpodautoscalers"
	autoscalersV2 = "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers"
	applyPatch    = "application/apply-patch+yaml"
	mergePatch    = "application/merge-patch+json"
)

func patchOf(media string) map[string]string { return map[string]string{"Content-Type": media} }

// Both versions of an autoscaler show the same object, and ownership is recorded in the version of each write.
func TestAutoscalerVersions(t *testing.T) {
	ours, theirs := planes(t, nil)
	target := `"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}`
	many := `[{"type":"Resource","resource":{"name":"memory","target":{"type":"AverageValue","averageValue":"1500m"}}},
		{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":55}}},
		{"type":"Pods","pods":{"metric":{"name":"hits","selector":{"matchLabels":{"a":"b"}}},"target":{"type":"AverageValue","averageValue":"10"}}},
		{"type":"Object","object":{"describedObject":{"kind":"Service","name":"s","apiVersion":"v1"},"metric":{"name":"x"},"target":{"type":"Value","value":"3k"}}},
		{"type":"Object","object":{"describedObject":{"kind":"Service","name":"s","apiVersion":"v1"},"metric":{"name":"y"},"target":{"type":"AverageValue","averageValue":"3"}}},
		{"type":"External","external":{"metric":{"name":"q","selector":{"matchLabels":{"c":"d"}}},"target":{"type":"Value","value":"30"}}},
		{"type":"External","external":{"metric":{"name":"r"},"target":{"type":"AverageValue","averageValue":"4"}}},
		{"type":"ContainerResource","containerResource":{"name":"cpu","container":"app","target":{"type":"Utilization","averageUtilization":70}}}]`
	behavior := `{"scaleDown":{"stabilizationWindowSeconds":60,"policies":[{"type":"Percent","value":10,"periodSeconds":60}],"tolerance":"50m"}}`
	status := `{"currentReplicas":2,"desiredReplicas":3,"observedGeneration":1,"lastScaleTime":"2026-01-02T03:04:05Z",
		"currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":44,"averageValue":"120m"}}},
			{"type":"Object","object":{"describedObject":{"kind":"Service","name":"s"},"metric":{"name":"x"},"current":{"value":"3"}}},
			{"type":"Pods","pods":{"metric":{"name":"hits"},"current":{"averageValue":"9"}}},
			{"type":"External","external":{"metric":{"name":"q"},"current":{"value":"8"}}},
			{"type":"ContainerResource","containerResource":{"name":"cpu","container":"app","current":{"averageUtilization":4,"averageValue":"1m"}}}],
		"conditions":[{"type":"AbleToScale","status":"True","reason":"Ready","message":"ok","lastTransitionTime":"2026-01-02T03:04:05Z"}]}`
	same(t, ours, theirs, []request{
		{method: "POST", path: autoscalersV1, body: `{"metadata":{"name":"a"},"spec":{` + target + `,"maxReplicas":4}}`, want: http.StatusCreated},
		{method: "GET", path: autoscalersV2 + "/a"},
		{method: "GET", path: autoscalersV1 + "/a"},
		{method: "POST", path: autoscalersV2, body: `{"metadata":{"name":"b","annotations":{"note":"1"}},"spec":{` + target + `,"minReplicas":2,"maxReplicas":4,"metrics":` + many + `,"behavior":` + behavior + `}}`, want: http.StatusCreated},
		{method: "GET", path: autoscalersV1 + "/b"},
		{method: "PUT", path: autoscalersV2 + "/b/status", body: `{"metadata":{"name":"b"},"spec":{` + target + `,"maxReplicas":4},"status":` + status + `}`, want: http.StatusOK},
		{method: "GET", path: autoscalersV1 + "/b"},
		{method: "PATCH", path: autoscalersV1 + "/b", header: patchOf(mergePatch), body: `{"spec":{"maxReplicas":6}}`, want: http.StatusOK},
		{method: "GET", path: autoscalersV2 + "/b"},
		{name: "an update of v1 without the annotations loses the metrics and keeps the status", method: "PUT", path: autoscalersV1 + "/b",
			body: `{"metadata":{"name":"b"},"spec":{` + target + `,"maxReplicas":7,"targetCPUUtilizationPercentage":30}}`, want: http.StatusOK},
		{method: "GET", path: autoscalersV2 + "/b"},
		{method: "PATCH", path: autoscalersV1 + "/c?fieldManager=one", header: patchOf(applyPatch), want: http.StatusCreated,
			body: `{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"c"},"spec":{` + target + `,"maxReplicas":4,"targetCPUUtilizationPercentage":50}}`},
		{method: "PATCH", path: autoscalersV2 + "/c?fieldManager=two", header: patchOf(applyPatch), want: http.StatusConflict,
			body: `{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"c"},"spec":{` + target + `,"maxReplicas":5}}`},
		{method: "PATCH", path: autoscalersV2 + "/c?fieldManager=two&force=true", header: patchOf(applyPatch), want: http.StatusOK,
			body: `{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"c"},"spec":{` + target + `,"maxReplicas":5}}`},
		{method: "GET", path: autoscalersV1 + "/c"},
		{method: "PATCH", path: autoscalersV1 + "/c?fieldManager=one", header: patchOf(applyPatch), want: http.StatusOK,
			body: `{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"c"},"spec":{` + target + `,"maxReplicas":5}}`},
		{method: "GET", path: autoscalersV2 + "/c"},
		{method: "POST", path: autoscalersV1, body: `{"metadata":{"name":"d","annotations":{"autoscaling.alpha.kubernetes.io/metrics":"[{\"type\":\"Resource\",\"resource\":{\"name\":\"memory\",\"targetAverageUtilization\":30}}]","autoscaling.alpha.kubernetes.io/behavior":"{\"ScaleUp\":{\"SelectPolicy\":\"Min\",\"Policies\":[{\"Type\":\"Pods\",\"Value\":3,\"PeriodSeconds\":5}]}}"}},"spec":{` + target + `,"maxReplicas":4}}`, want: http.StatusCreated},
		{method: "GET", path: autoscalersV2 + "/d"},
		{method: "POST", path: autoscalersV1, body: `{"metadata":{"name":"e","annotations":{"autoscaling.alpha.kubernetes.io/metrics":"nonsense"}},"spec":{` + target + `,"maxReplicas":4}}`, want: http.StatusCreated},
		{method: "POST", path: autoscalersV1, body: `{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"f"},"spec":{` + target + `,"maxReplicas":1}}`, want: http.StatusBadRequest},
		{method: "GET", path: autoscalersV1 + "?limit=500"},
		{method: "GET", path: autoscalersV2},
		{method: "DELETE", path: autoscalersV1 + "/c"},
		{method: "GET", path: autoscalersV2 + "/c", want: http.StatusNotFound},
		{method: "DELETE", path: autoscalersV1},
	})
}

// Events of both groups are the same objects.
func TestEventGroups(t *testing.T) {
	ours, theirs := planes(t, nil)
	const core, events = "/api/v1/namespaces/{ns}/events", "/apis/events.k8s.io/v1/namespaces/{ns}/events"
	same(t, ours, theirs, []request{
		{method: "POST", path: core, want: http.StatusCreated, body: `{"metadata":{"name":"a"},"involvedObject":{"kind":"Pod","name":"p","namespace":"{ns}"},"reason":"Seen","message":"hello","source":{"component":"c"},"firstTimestamp":"2026-01-02T03:04:05Z","lastTimestamp":"2026-01-02T03:04:06Z","count":2,"type":"Normal"}`},
		{method: "GET", path: events + "/a"},
		{method: "POST", path: events, want: http.StatusCreated, body: `{"metadata":{"name":"b"},"eventTime":"2026-01-02T03:04:05.000006Z","reportingController":"x.io/y","reportingInstance":"z","action":"Do","reason":"Done","regarding":{"kind":"Pod","name":"q","namespace":"{ns}"},"note":"bye","type":"Warning"}`},
		{method: "GET", path: core + "/b"},
		{method: "GET", path: events + "/b"},
		{method: "GET", path: core + "?fieldSelector=involvedObject.name=q"},
		{method: "GET", path: events + "?fieldSelector=regarding.name=p"},
		{method: "GET", path: events + "?fieldSelector=involvedObject.name=p", want: http.StatusBadRequest},
		{method: "GET", path: core + "?fieldSelector=source=c,reportingComponent="},
		{method: "GET", path: events + "?fieldSelector=reportingController=x.io/y"},
		{method: "PATCH", path: events + "/b", header: patchOf(mergePatch), body: `{"series":{"count":3,"lastObservedTime":"2026-01-02T03:05:05.000006Z"}}`, want: http.StatusOK},
		{method: "GET", path: core + "/b"},
		{method: "DELETE", path: events + "/a"},
		{method: "GET", path: core + "/a", want: http.StatusNotFound},
	})
}
