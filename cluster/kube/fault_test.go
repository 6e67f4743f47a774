package kube_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
)

// TestFaults holds the message, the sentinel and the retryability of answers that a healthy server does not give on demand.
func TestFaults(t *testing.T) {
	status := func(code, reason, message, details string) string {
		return `{"kind":"Status","apiVersion":"v1","status":"Failure","code":` + code + `,"reason":"` + reason + `","message":"` + message + `","details":{` + details + `}}`
	}
	for name, tt := range map[string]struct {
		code    int
		body    string
		is      error
		retry   bool
		message string
	}{
		"unauthorized":   {401, status("401", "Unauthorized", "Unauthorized", ""), cluster.ErrUnauthorized, false, "get ConfigMap n/a: unauthorized"},
		"forbidden text": {403, "denied by a proxy\n", cluster.ErrForbidden, false, "get ConfigMap n/a: forbidden: denied by a proxy"},
		"namespace":      {404, status("404", "NotFound", "", `"kind":"namespaces","name":"n"`), cluster.ErrNotFound, false, "get ConfigMap n/a: namespace n: not found"},
		"not found":      {404, status("404", "NotFound", "", `"kind":"configmaps","name":"a"`), cluster.ErrNotFound, false, "get ConfigMap n/a: not found"},
		"unserved":       {404, "404 page not found", cluster.ErrUnavailable, true, "get ConfigMap n/a: server unavailable: /api/v1/namespaces/n/configmaps/a is announced and not served yet"},
		"conflict":       {409, status("409", "Conflict", "Operation cannot be fulfilled", ""), cluster.ErrConflict, false, "get ConfigMap n/a: the object has changed or was replaced: Operation cannot be fulfilled"},
		"uid":            {422, status("422", "Invalid", "x", `"causes":[{"reason":"FieldValueInvalid","field":"metadata.uid","message":"field is immutable"}]`), cluster.ErrConflict, false, "get ConfigMap n/a: the object has changed or was replaced: another object has its name now"},
		"gone":           {410, status("410", "Expired", "too old", ""), cluster.ErrExpired, false, "get ConfigMap n/a: resource version expired: too old"},
		"internal":       {500, status("500", "InternalError", "failed calling webhook", ""), nil, true, "get ConfigMap n/a: failed calling webhook"},
		"empty":          {500, "", nil, true, "get ConfigMap n/a: the server answered 500 Internal Server Error"},
		"bad gateway":    {502, "<html>oops</html>", cluster.ErrUnavailable, true, "get ConfigMap n/a: server unavailable: <html>oops</html>"},
		"token echoed":   {503, "bearer very-secret-token is not served", cluster.ErrUnavailable, true, "get ConfigMap n/a: server unavailable: bearer … is not served"},
	} {
		t.Run(name, func(t *testing.T) {
			c := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/api" {
					coreDiscovery(w, r)
					return
				}
				write(w, tt.code, tt.body)
			}), nil)
			_, err := c.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "n", Name: "a"}, cluster.GetOptions{})
			assert.EqualError(t, err, tt.message)
			if tt.is != nil {
				assert.ErrorIs(t, err, tt.is)
			}
			assert.Equal(t, tt.retry, cluster.Retryable(err))
			var e *cluster.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tt.code, e.Code)
		})
	}
}

// TestPatience checks that a request that the server turned away is sent again after the time that it named, and that a
// write is not after an answer that leaves open whether it was executed.
func TestPatience(t *testing.T) {
	ref := cluster.Ref{Kind: "ConfigMap", Namespace: "n", Name: "a"}
	for name, tt := range map[string]struct {
		write bool
		code  int
		sent  int
	}{
		"read, busy":         {false, 429, 3},
		"write, busy":        {true, 429, 3},
		"read, unavailable":  {false, 503, 3},
		"write, unavailable": {true, 503, 1},
		"write, timed out":   {true, 504, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, sent := time.Now(), 0
				var bodies []string
				c, err := kube.New(&rest.Config{Host: "http://server.invalid", Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == "/api" {
						return discovered(r), nil
					}
					if sent++; r.Body != nil {
						body, err := io.ReadAll(r.Body)
						require.NoError(t, err)
						bodies = append(bodies, string(body))
					}
					if sent < 3 {
						resp := answer(r, tt.code, `{"kind":"Status","code":500}`)
						resp.Header.Set("Retry-After", "7")
						return resp, nil
					}
					return answer(r, 200, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n"}}`), nil
				})}, nil)
				require.NoError(t, err)
				if tt.write {
					_, err = c.Apply(t.Context(), configMap("n", "a"), by("us"))
				} else {
					_, err = c.Get(t.Context(), ref, cluster.GetOptions{})
				}
				assert.Equal(t, tt.sent, sent)
				assert.Equal(t, time.Duration(tt.sent-1)*7*time.Second, time.Since(began))
				if tt.sent == 1 {
					assert.ErrorIs(t, err, cluster.ErrUnavailable)
					var e *cluster.Error
					require.ErrorAs(t, err, &e)
					assert.Equal(t, 7*time.Second, e.RetryAfter)
				} else {
					assert.NoError(t, err)
				}
				for _, b := range bodies {
					assert.JSONEq(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"n"},"data":{}}`, b)
				}
			})
		})
	}
}

// TestPatienceEnds checks that a server that never has time ends a request with its own error, and ctx with its cause.
func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		busy := roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/api" {
				return discovered(r), nil
			}
			sent++
			resp := answer(r, 429, "busy")
			resp.Header.Set("Retry-After", "1")
			return resp, nil
		})
		c, err := kube.New(&rest.Config{Host: "http://server.invalid", Transport: busy}, nil)
		require.NoError(t, err)
		ref := cluster.Ref{Kind: "ConfigMap", Namespace: "n", Name: "a"}
		_, err = c.Get(t.Context(), ref, cluster.GetOptions{})
		assert.EqualError(t, err, "get ConfigMap n/a: server unavailable: busy")
		assert.Equal(t, 6, sent)
		ctx, cancel := context.WithTimeoutCause(t.Context(), 1500*time.Millisecond, io.ErrClosedPipe)
		defer cancel()
		_, err = c.Get(ctx, ref, cluster.GetOptions{})
		assert.ErrorIs(t, err, io.ErrClosedPipe)
	})
}

// TestTimeout checks that the configuration's Timeout limits a request and not a watch.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := kube.New(&rest.Config{Host: "http://server.invalid", Timeout: time.Second, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/api" {
				return discovered(r), nil
			}
			select {
			case <-r.Context().Done():
				return nil, r.Context().Err()
			case <-time.After(time.Hour):
				return answer(r, 200, `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"20","annotations":{"k8s.io/initial-events-end":"true"}}}}`), nil
			}
		})}, nil)
		require.NoError(t, err)
		_, err = c.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "n", Name: "a"}, cluster.GetOptions{})
		assert.EqualError(t, err, "get ConfigMap n/a: server unavailable: no answer within the configured timeout")
		assert.True(t, cluster.Retryable(err))
		for e, err := range c.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap"}) {
			require.NoError(t, err)
			assert.Equal(t, cluster.Synced, e.Type)
			break
		}
	})
}

// TestNothingSecretInErrors walks the faults of a connection whose configuration holds credentials.
func TestNothingSecretInErrors(t *testing.T) {
	_, err := kube.New(nil, nil)
	assert.EqualError(t, err, "kube: no configuration; load one with FromKubeconfig")
	for _, host := range []string{"https://jane:hunter22@127.0.0.1:1", "jane:hunter22@127.0.0.1:1", "https://jane:hunter22@[::1", "https://jane:hunter22@a b/"} {
		c, err := kube.New(&rest.Config{Host: host, Username: "jane", Password: "hunter22"}, nil)
		if err == nil {
			_, err = c.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "n", Name: "a"}, cluster.GetOptions{})
		}
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "hunter22", host)
	}
	server := http.NewServeMux()
	c := served(t, server, nil)
	_, err = c.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "n", Name: "a"}, cluster.GetOptions{})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "very-secret-token")
}
