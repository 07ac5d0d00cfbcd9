// Package doctor finds out, before a run, whether the run can succeed:
//
//	findings := doctor.Examine(ctx, org, doctor.Options{Dir: "."})
//
// Examine only reads. It changes nothing in AWS, in the backend, or on disk. What a check can't
// find out is a finding too, and never passed over.
//
// The JSON fields of a Finding and the values of Status stay. Checks may be added and removed,
// and their texts may change, so look at Status alone to decide whether to run. Go names may
// change until version 1.
package doctor
