// Package e2e tests coldstart as its users run it: the real Pulumi engine, the
// real AWS provider and an AWS API over HTTP. Its tests have the build tag e2e
// and need what `make toolchain` provides; `make e2e` runs them.
//
// Each scenario has an emulator and a state folder of its own, so all of them
// run side by side. What AWS holds in the end is read with the AWS SDK, by
// package proof or directly; Pulumi's state isn't asked.
package e2e
