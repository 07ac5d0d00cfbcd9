// Package proof says of each thing that an organization declares whether AWS has
// it, and whether DNS leads there. It reads AWS with the AWS SDK, never Pulumi's
// state, and asks DNS from the root servers down, never a cache. It changes nothing:
//
//	proofs, err := proof.Prove(ctx, cfg, org, proof.Options{})
//	for _, p := range proofs.Proofs {
//		fmt.Println(p.Account, p.Subject, p.Claim, p.Holds, p.Detail)
//	}
//
// The fields of the JSON of proofs stay, and so do subjects. Claims and details are for
// people: their texts change. Go names may change until version 1.
package proof
