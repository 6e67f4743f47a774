module github.com/setpoint-dev/setpoint/internal/gen

go 1.26.0
