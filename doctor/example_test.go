package doctor_test

import (
	"context"
	"fmt"
	"log"

	"github.com/coldstart-aws/coldstart/doctor"
	"github.com/coldstart-aws/coldstart/organization"
)

// This example prints everything that would make a run fail.
func ExampleExamine() {
	org, err := organization.Load("Pulumi.master.yaml")
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range doctor.Examine(context.Background(), org, doctor.Options{}) {
		if f.Status == doctor.Failure {
			fmt.Printf("%s, %s: %s; %s\n", f.Topic, f.Check, f.Found, f.Remedy)
		}
	}
}
