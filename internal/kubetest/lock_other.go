//go:build !unix

package kubetest

import (
	"context"
	"fmt"
	"runtime"
)

func lock(context.Context, string) (func(), error) {
	return nil, fmt.Errorf("%w: no file locks on %s", errNoBuild, runtime.GOOS)
}
