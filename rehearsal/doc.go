// Package rehearsal runs a whole cold start on one machine, with the real Pulumi engine and
// the real AWS provider, against an emulator of AWS. AWS doesn't give back the e-mail address
// of an account that was created by mistake, so mistakes should show in a rehearsal first.
//
//	report, emulator, err := rehearsal.Run(ctx, org, rehearsal.Options{Project: "."})
//	if emulator != nil {
//		defer emulator.Stop()
//	}
//
// [Run] previews the organization, brings it up, proves the result by reading the emulator
// back, and brings it up again, which must change nothing. A [Report] tells the result. Stacks
// that fail and proofs that don't hold are problems in the report. The error of Run says what
// kept the rehearsal from reaching a result.
//
// Other programs can use the emulator alone: [StartEmulator] starts an emulator with AWS's
// rules in front, and [Emulator.Env] returns the environment variables that lead an AWS SDK to
// the emulator and hide the user's own AWS credentials.
//
// Run keeps its state in the folder [Dir] of the project, and removes the folder of the last
// rehearsal first. So two rehearsals of one project can't run at the same time.
//
// New versions only add fields to the report's JSON. The calls that a rehearsal refuses change
// when AWS changes. Go names may change until version 1.
package rehearsal
