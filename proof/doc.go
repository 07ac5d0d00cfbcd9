// Package proof says of each thing that an organization declares whether AWS has
// it. It reads AWS with the AWS SDK, never Pulumi's state, and changes nothing:
//
//	proofs, err := proof.Prove(ctx, cfg, org)
//	for _, p := range proofs.Proofs {
//		fmt.Println(p.Account, p.Subject, p.Claim, p.Holds, p.Detail)
//	}
package proof
