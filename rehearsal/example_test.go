package rehearsal_test

import (
	"context"
	"fmt"
	"log"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/rehearsal"
)

// A cold start on this machine, whose emulator is stopped at the end.
func ExampleRun() {
	org, err := organization.Load("Pulumi.master.yaml")
	if err != nil {
		log.Fatal(err)
	}
	report, emulator, err := rehearsal.Run(context.Background(), org, rehearsal.Options{Project: "."})
	if emulator != nil {
		defer func() { _ = emulator.Stop() }()
	}
	if err != nil {
		log.Print(err)
		return
	}
	for _, problem := range report.Problems {
		fmt.Println(problem)
	}
}
