package trials

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/organization"
)

// firstDay is the first day of a person who has a role: without a second factor nothing but setting one up works, and
// with it the person's own roles and no others.
func (t *trials) firstDay(ctx context.Context) {
	user := t.newcomer()
	if user == "" {
		t.omit("a person's first day: no user is declared who has a role")
		return
	}
	in := t.org.Access.Account
	administrator := iam.NewFromConfig(t.accounts[in].Config)
	made, err := administrator.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user})
	if !t.allowed(in, err, "%s gets an access key", user) {
		return
	}
	defer func() {
		_, err := administrator.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &user, AccessKeyId: made.AccessKey.AccessKeyId})
		t.allowed(in, err, "%s's access key is deleted", user)
	}()
	cfg := t.with(aws.ToString(made.AccessKey.AccessKeyId), aws.ToString(made.AccessKey.SecretAccessKey), "")
	own := iam.NewFromConfig(cfg)
	_, err = own.ListUsers(ctx, &iam.ListUsersInput{})
	t.refused(in, err, "%s sees nothing without MFA", user)
	granted := t.org.GrantsOf(user)
	t.refused(in, t.assume(ctx, cfg, granted[0]), "%s doesn't get into %s of %s without MFA", user, granted[0].Role, granted[0].Account)
	device, err := own.CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: &user})
	if !t.allowed(in, err, "%s makes a virtual MFA device without MFA", user) {
		return
	}
	serial := device.VirtualMFADevice.SerialNumber
	_, err = own.EnableMFADevice(ctx, &iam.EnableMFADeviceInput{UserName: &user, SerialNumber: serial, AuthenticationCode1: aws.String("100001"), AuthenticationCode2: aws.String("100002")})
	if !t.allowed(in, err, "%s enables it without MFA", user) {
		return
	}
	t.secondFactor(ctx, user, cfg, serial)
	_, err = administrator.DeactivateMFADevice(ctx, &iam.DeactivateMFADeviceInput{UserName: &user, SerialNumber: serial})
	t.allowed(in, err, "%s's MFA device is deactivated", user)
	_, err = administrator.DeleteVirtualMFADevice(ctx, &iam.DeleteVirtualMFADeviceInput{SerialNumber: serial})
	t.allowed(in, err, "%s's MFA device is deleted", user)
}

// secondFactor tries what a person can do who has an MFA device.
func (t *trials) secondFactor(ctx context.Context, user string, cfg aws.Config, serial *string) {
	in := t.org.Access.Account
	session, err := sts.NewFromConfig(cfg).GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: serial, TokenCode: aws.String("100003")})
	if !t.allowed(in, err, "%s signs in with MFA", user) {
		return
	}
	c := session.Credentials
	signedIn := t.with(aws.ToString(c.AccessKeyId), aws.ToString(c.SecretAccessKey), aws.ToString(c.SessionToken))
	_, err = iam.NewFromConfig(signedIn).ListUsers(ctx, &iam.ListUsersInput{})
	t.allowed(in, err, "%s sees the users with MFA", user)
	_, err = iam.NewFromConfig(signedIn).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("intruder")})
	t.refused(in, err, "%s makes no user", user)
	granted := t.org.GrantsOf(user)
	for _, g := range granted {
		t.allowed(in, t.assume(ctx, signedIn, g), "%s gets into %s of %s with MFA", user, g.Role, g.Account)
	}
	for _, g := range t.org.IAMGrants() {
		if !slices.Contains(granted, g) {
			t.refused(in, t.assume(ctx, signedIn, g), "%s doesn't get into %s of %s, which nobody has given", user, g.Role, g.Account)
		}
	}
}

// newcomer is the first user who has a role; empty if nobody has.
func (t *trials) newcomer() string {
	for _, user := range t.org.IAMUsers() {
		if len(t.org.GrantsOf(user)) > 0 {
			return user
		}
	}
	return ""
}

// with returns a configuration with credentials.
func (t *trials) with(id, secret, token string) aws.Config {
	cfg := t.accounts[organization.Master].Config.Copy()
	cfg.Credentials = credentials.NewStaticCredentialsProvider(id, secret, token)
	return cfg
}

// assume assumes a role of people's.
func (t *trials) assume(ctx context.Context, cfg aws.Config, g organization.Grant) error {
	arn := organization.RoleARN(t.accounts[g.Account].ID, t.org.Name(g.Account, g.Role))
	_, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: aws.String("trial")})
	return err
}
