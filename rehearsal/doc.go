// Package rehearsal runs a whole cold start on one machine: with the real
// engine and the real AWS provider, against an emulator of AWS. Accounts and
// e-mail addresses can't be taken back, so what can go wrong should do so here.
//
//	report, emulator, err := rehearsal.Run(ctx, org, rehearsal.Options{Project: "."})
//	if emulator != nil {
//		defer emulator.Stop()
//	}
//
// Its parts can be had by themselves. StartEmulator starts an emulator that
// nothing of the user's own AWS credentials reaches.
//
// Fields of the report are only added to. Which calls a rehearsal refuses changes with what
// AWS refuses. Go names may change until version 1.
package rehearsal
