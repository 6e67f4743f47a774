package memory

import (
	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/gc"
	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
)

// register adds what runs behind the API.
func register(core *apiserver.Server, simulate bool) {
	core.Register(gc.Owners())
	core.Register(gc.Namespaces())
	core.Register(gc.Definitions())
	if simulate {
		core.Register(sim.New())
	}
}
