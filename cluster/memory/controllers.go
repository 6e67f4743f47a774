package memory

import "github.com/setpoint-dev/setpoint/internal/apiserver"

// register adds what runs behind the API.
func register(core *apiserver.Server, opts *Options) {
	_, _ = core, opts
}
