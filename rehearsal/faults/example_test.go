package faults_test

import (
	"fmt"

	"github.com/coldstart-aws/coldstart/rehearsal/faults"
)

// Parse reads the text that --faults takes, and String writes it again.
func ExampleParse() {
	plan, err := faults.Parse("call=120:drop-after, action=iam:CreateRole:500*3")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range plan {
		fmt.Println(f.Kind, f.Attempts)
	}
	fmt.Println(plan)
	// Output:
	// drop-after 1
	// 500 3
	// call=120:drop-after,action=iam:CreateRole:500*3
}
