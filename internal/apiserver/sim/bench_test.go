package sim_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/gc"
	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
)

// BenchmarkApplications brings up applications of one Deployment with three pods and a Service, all in one namespace.
func BenchmarkApplications(b *testing.B) {
	for _, count := range []int{10, 100} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for b.Loop() {
				server, err := apiserver.New(apiserver.Options{})
				require.NoError(b, err)
				for _, c := range []apiserver.Controller{gc.Owners(), gc.Namespaces(), gc.Definitions(), sim.New()} {
					server.Register(c)
				}
				api := server.API()
				create := func(text string) {
					_, err := api.Create(parse(b, text), apiserver.WriteOptions{Manager: "test"})
					require.NoError(b, err)
				}
				create(`{apiVersion: v1, kind: Namespace, metadata: {name: ns}}`)
				for i := range count {
					name := strings.NewReplacer("web", fmt.Sprintf("web%d", i))
					create(name.Replace(web))
					create(name.Replace(`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}`))
				}
				require.Empty(b, server.Faults())
				server.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*count), "µs/app")
		})
	}
}
