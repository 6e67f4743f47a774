package memory

import (
	"github.com/setpoint-dev/setpoint/internal/apiserver/gc"
	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
)

// register adds what runs behind the API.
func (s *Server) register(simulate bool) {
	s.core.Register(gc.Owners())
	s.core.Register(gc.Namespaces())
	s.core.Register(gc.Definitions())
	if simulate {
		s.sim = sim.New()
		s.core.Register(s.sim)
	}
}
