package celrules_test

import (
	"context"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
)

func ExampleCompile() {
	node := &apiextensionsv1.JSONSchemaProps{Type: "integer"}
	transition, eval, err := celrules.Compile(node, false, apiextensionsv1.ValidationRule{
		Rule:              "self >= oldSelf",
		MessageExpression: "'cannot shrink to ' + (self == 0 ? 'nothing' : 'less')",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(transition)
	fmt.Println(eval(context.Background(), int64(3), int64(2)))
	fmt.Println(eval(context.Background(), int64(0), int64(2)))

	// What the schema does not have is an error before anything is judged.
	_, _, err = celrules.Compile(node, false, apiextensionsv1.ValidationRule{Rule: "self.name == ''"})
	fmt.Println(err)
	// Output:
	// true
	// true  <nil>
	// false cannot shrink to nothing <nil>
	// compilation failed: ERROR: <input>:1:5: type 'int' does not support field selection
	//  | self.name == ''
	//  | ....^
}
