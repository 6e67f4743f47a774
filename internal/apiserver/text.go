package apiserver

import (
	"fmt"
	"strings"

	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

func dotted(path strategy.Path) string { return strings.Join(path, ".") }

// text is how a field selector sees a value: absent is empty.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(value)
}
