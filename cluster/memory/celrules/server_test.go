package celrules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// How long kube-apiserver may take to serve a new kind.
const (
	waitForKind = 30 * time.Second
	pollKind    = 50 * time.Millisecond
)

// ruleCase is a rule on a property, and what it is to judge.
type ruleCase struct {
	Name            string                           `json:"name"`
	Schema          *apiextensionsv1.JSONSchemaProps `json:"schema"`
	Rule            string                           `json:"rule"`
	Message         string                           `json:"message"`
	Expression      string                           `json:"messageExpression"`
	OptionalOldSelf *bool                            `json:"optionalOldSelf"`
	Values          []json.RawMessage                `json:"values"`
	Updates         []struct{ From, To json.RawMessage }
}

func (c ruleCase) validation() apiextensionsv1.ValidationRule {
	return apiextensionsv1.ValidationRule{Rule: c.Rule, Message: c.Message, MessageExpression: c.Expression, OptionalOldSelf: c.OptionalOldSelf}
}

// property is the case's schema with its rule.
func (c ruleCase) property() apiextensionsv1.JSONSchemaProps {
	out := *c.Schema.DeepCopy()
	out.XValidations = apiextensionsv1.ValidationRules{c.validation()}
	return out
}

func cases(t *testing.T, file string) []ruleCase {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var out []ruleCase
	require.NoError(t, yaml.Unmarshal(raw, &out))
	return out
}

// server sends requests as they are.
type server struct {
	client *http.Client
	host   string
}

func newServer(t *testing.T, config *rest.Config) server {
	t.Helper()
	client, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	return server{client, config.Host}
}

func (s server) do(t *testing.T, method, path string, body any) (int, metav1.Status) {
	t.Helper()
	return s.send(t, method, path, "application/json", body)
}

func (s server) patch(t *testing.T, path, property string, value json.RawMessage) (int, metav1.Status) {
	t.Helper()
	return s.send(t, http.MethodPatch, path, "application/merge-patch+json", map[string]any{"spec": map[string]any{property: value}})
}

// send makes one request. The status is empty unless the server refuses.
func (s server) send(t *testing.T, method, path, media string, body any) (int, metav1.Status) {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	if body == nil {
		raw = nil
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.host+path, bytes.NewReader(raw))
	require.NoError(t, err)
	r.Header.Set("Content-Type", media)
	response, err := s.client.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var status metav1.Status
	_ = json.NewDecoder(response.Body).Decode(&status)
	return response.StatusCode, status
}

func definition(plural string, properties map[string]apiextensionsv1.JSONSchemaProps) *apiextensionsv1.CustomResourceDefinition {
	return &apiextensionsv1.CustomResourceDefinition{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: plural + ".rules.example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "rules.example.com", Scope: apiextensionsv1.ClusterScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: plural, Kind: strings.ToUpper(plural[:1]) + plural[1:]},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{
					Type:       "object",
					Properties: map[string]apiextensionsv1.JSONSchemaProps{"spec": {Type: "object", Properties: properties}},
				}},
			}},
		},
	}
}

func decode(t *testing.T, raw json.RawMessage) any {
	t.Helper()
	if raw == nil {
		return nil
	}
	var v any
	require.NoError(t, utiljson.Unmarshal(raw, &v))
	return v
}

// Every rule judges every value as kube-apiserver does, and says the same about it.
func TestRulesJudgeAsTheServer(t *testing.T) {
	s := newServer(t, kubetest.Shared(t, nil).Config())
	all := cases(t, "testdata/rules.yaml")
	// The rules of one definition may cost so much together, so each takes a few.
	var groups [][]ruleCase
	for few := range slices.Chunk(all, 6) {
		properties := map[string]apiextensionsv1.JSONSchemaProps{}
		for _, c := range few {
			properties[c.Name] = c.property()
		}
		code, status := s.do(t, http.MethodPost, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
			definition(fmt.Sprintf("judges%d", len(groups)), properties))
		require.Equal(t, http.StatusCreated, code, status.Message)
		groups = append(groups, few)
	}
	judged, refused := 0, 0
	for n, few := range groups {
		plural := fmt.Sprintf("judges%d", n)
		path := "/apis/rules.example.com/v1/" + plural
		require.Eventually(t, func() bool { code, _ := s.do(t, http.MethodGet, path, nil); return code == http.StatusOK }, waitForKind, pollKind)

		object := func(c ruleCase, value json.RawMessage) map[string]any {
			return map[string]any{
				"apiVersion": "rules.example.com/v1", "kind": strings.ToUpper(plural[:1]) + plural[1:],
				"metadata": map[string]any{"name": strings.ToLower(c.Name)}, "spec": map[string]any{c.Name: value},
			}
		}
		for _, c := range few {
			t.Run(c.Name, func(t *testing.T) {
				transition, eval, err := celrules.Compile(c.Schema, c.Schema.XEmbeddedResource, c.validation())
				require.NoError(t, err)
				assert.Equal(t, strings.Contains(c.Rule, "oldSelf"), transition)
				judge := func(from, to json.RawMessage, code int, status metav1.Status) {
					t.Helper()
					ok, message, err := eval(t.Context(), decode(t, to), decode(t, from))
					judged++
					assert.Equal(t, code < 300, ok, "%s to %s: the server says %d %s; here %q %v", from, to, code, status.Message, message, err)
					if ok {
						return
					}
					refused++
					switch {
					case err != nil:
						message = err.Error()
					case message == "" && c.Message != "":
						message = c.Message
					case message == "":
						message = "failed rule: " + c.Rule
					}
					assert.Contains(t, status.Message, message, "%s to %s", from, to)
				}
				for _, v := range c.Values {
					code, status := s.do(t, http.MethodPost, path+"?dryRun=All", object(c, v))
					judge(nil, v, code, status)
				}
				for _, u := range c.Updates {
					one := path + "/" + strings.ToLower(c.Name)
					s.do(t, http.MethodDelete, one, nil)
					if u.From == nil {
						code, status := s.do(t, http.MethodPost, path+"?dryRun=All", object(c, u.To))
						judge(nil, u.To, code, status)
						continue
					}
					code, status := s.do(t, http.MethodPost, path, object(c, u.From))
					if code >= 300 { // a first value that the rule itself refuses: put it in by way of one that it allows
						code, status = s.do(t, http.MethodPost, path, object(c, json.RawMessage("1")))
						require.Equal(t, http.StatusCreated, code, status.Message)
						code, status = s.patch(t, one, c.Name, u.From)
					}
					require.Less(t, code, 300, status.Message)
					code, status = s.patch(t, one+"?dryRun=All", c.Name, u.To)
					judge(u.From, u.To, code, status)
				}
			})
		}
	}
	t.Logf("%d rules, %d judgements, %d of them refusals", len(all), judged, refused)
}

// A rule that kube-apiserver cannot compile is refused here, for the same reason.
func TestFaultsAreTheServers(t *testing.T) {
	s := newServer(t, kubetest.Shared(t, nil).Config())
	for _, c := range cases(t, "testdata/faults.yaml") {
		t.Run(c.Name, func(t *testing.T) {
			code, status := s.do(t, http.MethodPost, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All",
				definition("faults", map[string]apiextensionsv1.JSONSchemaProps{"case": c.property()}))
			require.Equal(t, http.StatusUnprocessableEntity, code, "the server accepts it")
			_, _, err := celrules.Compile(c.Schema, false, c.validation())
			require.Error(t, err)
			var about *celrules.MessageError
			assert.Equal(t, c.Expression != "", errors.As(err, &about))
			assert.Contains(t, status.Message, err.Error())
		})
	}
}
