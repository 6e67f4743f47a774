package diff_test

import (
	"fmt"
	"log"

	"github.com/setpoint-dev/setpoint/diff"
)

func ExampleComparer_Drift() {
	comparer := diff.New("setpoint", nil, nil)
	// What was applied at ten; somebody has edited the live object since.
	applied, err := comparer.Prepare(parse(`{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {level: info, size: "3", color: red}}`))
	if err != nil {
		log.Fatal(err)
	}
	drift, err := comparer.Drift(applied, parse(liveSettings))
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range drift.Moved {
		fmt.Println(m.Path, "went from", m.Was, "to", m.Is)
		fmt.Println("  not before", drift.LastApplied.Format("15:04"), "and not after", m.LastWrite.Time.Format("15:04"))
		fmt.Println("  by one of", m.Suspects)
	}
	// Output:
	// .data.level went from "info" to "debug"
	//   not before 10:00 and not after 11:00
	//   by one of ["kubectl-edit" (Update)]
}
