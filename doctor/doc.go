// Package doctor finds out, before anything is run, whether a run can succeed:
//
//	findings := doctor.Examine(ctx, org, doctor.Options{Dir: "."})
//
// It only reads: nothing is changed in AWS, in the backend, or on disk. What it
// can't find out it says, and never passes over.
//
// The fields of a Finding's JSON stay, and so do the words of Status. Checks come and go,
// and their texts change: look at Status alone to decide whether to run. Go names may
// change until version 1.
package doctor
