// Package e2e tests coldstart as its users run it: with the real Pulumi engine, the real AWS
// provider, and an AWS API over HTTP. The tests have the build tag e2e and need the tools that
// `make toolchain` provides:
//
//	make e2e
//
// A test is called a scenario. Each scenario has its own emulator and its own folder with the
// state, so scenarios run concurrently. What AWS has in the end, a scenario reads with package
// proof or with the AWS SDK. It reads Pulumi's state only to compare the state with AWS.
package e2e
