package taken

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/organization"
)

// setting is something that an account or a region has once. AWS overwrites it without a warning, or refuses another one.
type setting struct {
	// what is the setting's name in texts, and typ its Pulumi type.
	what, typ string
	// declared reports whether coldstart declares the setting in the account.
	declared func(looker) bool
	// find returns a text for each value of the account that a run would change. Each text is
	// preceded by the account's name.
	find func(context.Context, looker) ([]string, error)
	// refused says that AWS refuses what is declared while the account has this.
	refused bool
}

var settings = []setting{
	{"the account's alias", awstype.IAMAccountAlias, func(l looker) bool { return l.org.Alias(l.Name) != "" }, alias, false},
	{"the password policy", awstype.IAMAccountPasswordPolicy, always, passwords, false},
	{"the block of public access", awstype.S3AccountPublicAccessBlock, always, publicAccess, false},
	{"alternate contacts", awstype.AccountAlternativeContact, func(l looker) bool { return len(l.org.Baseline.Contacts) > 0 }, contacts, false},
	{"the regions' defaults for EC2", awstype.EBSEncryptionByDefault, always, regional, false},
	{"AWS Config's recorders", awstype.ConfigRecorder, recorded, recorders, false},
	{"AWS Config's recorders of other names", awstype.ConfigRecorder, recorded, namedRecorders, true},
	{"GuardDuty's detectors", awstype.GuardDutyDetector, hasDetectors, detectors, false},
	{"GuardDuty's administrator", awstype.GuardDutyOrganizationAdminAccount, ofGuardDuty.appoints, ofGuardDuty.others, true},
	{"Inspector's administrator", awstype.InspectorDelegatedAdminAccount, ofInspector.appoints, ofInspector.others, true},
	{"Macie", awstype.MacieAccount, hasSessions, sessions, false},
	{"Macie's administrator", awstype.MacieOrganizationAdminAccount, ofMacie.appoints, ofMacie.others, true},
	{"Macie's administrator in AWS Organizations", awstype.MacieOrganizationAdminAccount, ofMacie.appoints, registered, true},
	{"Security Hub's administrator", awstype.SecurityHubOrganizationAdminAccount, ofSecurityHub.appoints, ofSecurityHub.others, true},
	{"Security Hub", awstype.SecurityHubAccount, func(l looker) bool { return l.Name == l.org.SecurityHubAccount() }, hub, false},
	{"closed accounts", awstype.SecurityHubOrganizationAdminAccount, ofSecurityHub.appoints, closed, true},
}

// recorded reports whether coldstart declares recorders of AWS Config in the account.
func recorded(l looker) bool { return l.org.Recorded() }

// hasDetectors reports whether coldstart declares detectors of GuardDuty in the account.
func hasDetectors(l looker) bool {
	return ofGuardDuty.appoints(l) || l.Name == l.org.GuardDutyAccount()
}

// hasSessions reports whether coldstart turns Macie on in the account itself.
func hasSessions(l looker) bool { return ofMacie.appoints(l) || l.Name == l.org.MacieAccount() }

// detectors finds GuardDuty's detectors that others have made; a region of an account has one. The state doesn't tell whose they are:
// those of the management account are in the state of the administrator's stack.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html
func detectors(ctx context.Context, l looker) ([]string, error) {
	var texts []string
	for _, region := range l.regions() {
		client := guardduty.NewFromConfig(l.in(region))
		out, err := client.ListDetectors(ctx, &guardduty.ListDetectorsInput{})
		if err != nil {
			return nil, err
		}
		for _, id := range out.DetectorIds {
			detector, err := client.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &id})
			if err != nil {
				return nil, err
			}
			if l.ours(detector.Tags) {
				continue
			}
			texts = append(texts, fmt.Sprintf("has GuardDuty in %s: coldstart takes its detector over, with its findings, and sets its features", region))
		}
	}
	return texts, nil
}

func always(looker) bool { return true }

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
func alias(ctx context.Context, l looker) ([]string, error) {
	out, err := iam.NewFromConfig(l.cfg).ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
	declared := l.org.Alias(l.Name)
	if err != nil || len(out.AccountAliases) == 0 || out.AccountAliases[0] == declared {
		return nil, err
	}
	is := out.AccountAliases[0]
	return []string{fmt.Sprintf("has the alias %s and gets %s: %s stops working, and anybody may take the name; to keep all aliases as they are, write coldstart:baseline: {alias: none}",
		is, declared, organization.SignInURL(is))}, nil
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
func passwords(ctx context.Context, l looker) ([]string, error) {
	out, err := iam.NewFromConfig(l.cfg).GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
	if awserror.Absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	is, want := out.PasswordPolicy, l.org.Baseline.Passwords
	var changes []string
	for _, field := range []struct {
		key      string
		is, want any
	}{
		{"minimumLength", int(aws.ToInt32(is.MinimumPasswordLength)), want.MinimumLength},
		{"uppercase", is.RequireUppercaseCharacters, want.Uppercase},
		{"lowercase", is.RequireLowercaseCharacters, want.Lowercase},
		{"numbers", is.RequireNumbers, want.Numbers},
		{"symbols", is.RequireSymbols, want.Symbols},
		{"reuse", int(aws.ToInt32(is.PasswordReusePrevention)), want.Reuse},
		{"maxAgeDays", int(aws.ToInt32(is.MaxPasswordAge)), want.MaxAgeDays},
	} {
		if field.is != field.want {
			changes = append(changes, fmt.Sprintf("%s from %v to %v", field.key, field.is, field.want))
		}
	}
	if aws.ToBool(is.HardExpiry) {
		changes = append(changes, "users can change an expired password")
	}
	if !is.AllowUsersToChangePassword {
		changes = append(changes, "users can change their passwords")
	}
	if len(changes) == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("has a password policy already, which is overwritten (%s): coldstart:baseline.passwords says what it becomes", strings.Join(changes, ", "))}, nil
}

// publicAccess returns the account's buckets that may lose public access.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func publicAccess(ctx context.Context, l looker) ([]string, error) {
	client := s3control.NewFromConfig(l.cfg, func(o *s3control.Options) {
		if through := awsconfig.ThroughEndpoint(l.cfg); through != nil {
			o.HTTPClient = through
		}
	})
	out, err := client.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: &l.ID})
	switch {
	case awserror.Absent(err):
	case err != nil:
		return nil, err
	default:
		c := out.PublicAccessBlockConfiguration
		if aws.ToBool(c.BlockPublicAcls) && aws.ToBool(c.BlockPublicPolicy) && aws.ToBool(c.IgnorePublicAcls) && aws.ToBool(c.RestrictPublicBuckets) {
			return nil, nil
		}
	}
	listed, err := l.s3().ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(listed.Buckets, func(b s3types.Bucket) bool { return slices.Contains(bucketNames(l), aws.ToString(b.Name)) })
	if len(others) == 0 {
		return nil, nil
	}
	return []string{"doesn't block public access to S3 as a whole, and will: buckets that are public stop being public; it has " + someOf(others, func(b s3types.Bucket) string { return aws.ToString(b.Name) })}, nil
}

// someOf returns the first few names of many.
func someOf[T any](all []T, name func(T) string) string {
	const shown = 5
	var names []string
	for _, t := range all[:min(shown, len(all))] {
		names = append(names, name(t))
	}
	text := strings.Join(names, ", ")
	if more := len(all) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// https://docs.aws.amazon.com/accounts/latest/reference/API_PutAlternateContact.html
func contacts(ctx context.Context, l looker) ([]string, error) {
	client := awsaccount.NewFromConfig(l.cfg)
	var texts []string
	for _, about := range slices.Sorted(maps.Keys(l.org.Baseline.Contacts)) {
		kind, want := organization.ContactType(about), l.org.Baseline.Contacts[about]
		out, err := client.GetAlternateContact(ctx, &awsaccount.GetAlternateContactInput{AlternateContactType: accounttypes.AlternateContactType(kind)})
		if awserror.Absent(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c := out.AlternateContact
		is := organization.Contact{Name: aws.ToString(c.Name), Title: aws.ToString(c.Title), Email: aws.ToString(c.EmailAddress), Phone: aws.ToString(c.PhoneNumber)}
		if is != want {
			texts = append(texts, fmt.Sprintf("has an alternate contact for %s already, %s <%s>, which becomes %s <%s>", about, is.Name, is.Email, want.Name, want.Email))
		}
	}
	return texts, nil
}

// regional returns the regions in which an account that is in use would get other defaults for new
// volumes and instances.
// https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
func regional(ctx context.Context, l looker) ([]string, error) {
	var regions []string
	for _, region := range l.regions() {
		client := ec2.NewFromConfig(l.in(region))
		held, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5)})
		if err != nil {
			return nil, err
		}
		if len(held.Reservations) > 0 {
			regions = append(regions, region)
		}
	}
	var texts []string
	for _, region := range regions {
		changes, err := changed(ctx, ec2.NewFromConfig(l.in(region)))
		if err != nil {
			return nil, err
		}
		if len(changes) > 0 {
			texts = append(texts, fmt.Sprintf("has instances in %s, where another default holds from now on for what is made: %s", region, strings.Join(changes, "; ")))
		}
	}
	return texts, nil
}

// changed returns the defaults of a region that would change.
func changed(ctx context.Context, client *ec2.Client) ([]string, error) {
	var changes []string
	ebs, err := client.GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{})
	if err != nil {
		return nil, err
	}
	if !aws.ToBool(ebs.EbsEncryptionByDefault) {
		changes = append(changes, "EBS volumes are encrypted")
	}
	defaults, err := client.GetInstanceMetadataDefaults(ctx, &ec2.GetInstanceMetadataDefaultsInput{})
	if err != nil {
		return nil, err
	}
	if d := defaults.AccountLevel; d == nil || d.HttpTokens != ec2types.HttpTokensStateRequired {
		changes = append(changes, "instances answer IMDSv2 only, unless their launch says otherwise")
	}
	return changes, nil
}
