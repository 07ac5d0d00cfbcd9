// Package signin signs people in to AWS with an MFA code, once for all programs.
//
// The AWS CLI asks for the code of a profile with mfa_serial. The AWS SDKs don't. So Pulumi and its
// AWS provider, which use an SDK, don't either. But all of them run the command of a profile's
// credential_process. The profiles that `coldstart aws-config` writes run `coldstart credentials`,
// which calls Credentials:
//
//	session, err := signin.Credentials(ctx, signin.Request{Profile: "acme", Device: "arn:aws:iam::111122223333:mfa/ada"})
//
// Credentials asks for the code on the terminal, gets a session of the user with
// sts:GetSessionToken, and keeps the session in a file until it expires. Several programs may call
// it at the same time; the person is asked once. Ready and Advice explain errors about signing in,
// of any kind, and name the command that helps.
//
// docs/adr/0036-one-code-for-every-program.md
package signin
