// Package proof checks that AWS and DNS have what an organization declares. It reads AWS with
// the AWS SDK, and never Pulumi's state. It asks name servers from the root servers down, and
// never a cache. It changes nothing:
//
//	proofs, err := proof.Prove(ctx, org, proof.Options{})
//	for _, p := range proofs.Proofs {
//		fmt.Println(p.Account, p.Subject, p.Claim, p.Holds, p.Detail)
//	}
//
// Something that can't be read is a proof that doesn't hold, and no error.
//
// The JSON fields of a proof and the values of Subject stay. Claim, Detail and Remedy are for
// people, and their texts may change. Go names may change until version 1.
package proof
