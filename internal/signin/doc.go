// Package signin signs people in to AWS with an MFA code, once for all programs.
//
// The AWS CLI asks for the code of a profile with mfa_serial. The AWS SDKs don't, nor
// do Pulumi and its AWS provider, which are written with them. All of them run the
// command of a profile's credential_process. The profiles of `coldstart aws-config` name
// `coldstart credentials`, which calls Credentials:
//
//	session, err := signin.Credentials(ctx, signin.Request{Profile: "acme", Device: "arn:aws:iam::111122223333:mfa/ada"})
//
// Credentials asks for the code on the terminal, gets a session of the user with
// sts:GetSessionToken, and keeps the session in a file until it ends. Programs that need
// a session at the same time ask once. Ready and Advice say what is wrong with how
// somebody signed in, of whatever kind, and which command helps.
//
// docs/adr/0036-one-code-for-every-program.md
package signin
