// Package doctor finds out, before anything is run, whether a run can succeed:
//
//	findings := doctor.Examine(ctx, org, doctor.Options{Dir: "."})
//
// It only reads: nothing is changed in AWS, in the backend, or on disk. What it
// can't find out it says, and never passes over.
package doctor
