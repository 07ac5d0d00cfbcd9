package proof_test

import (
	"context"
	"fmt"
	"log"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
)

// This example prints every claim that doesn't hold.
func ExampleProve() {
	org, err := organization.Load("Pulumi.master.yaml")
	if err != nil {
		log.Fatal(err)
	}
	proofs, err := proof.Prove(context.Background(), org, proof.Options{})
	if err != nil {
		log.Fatal(err) // AWS couldn't be asked at all.
	}
	for _, p := range proofs.Proofs {
		if !p.Holds {
			fmt.Println(p.Account, p.Problem())
		}
	}
}
