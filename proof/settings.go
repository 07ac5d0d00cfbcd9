package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsaccount "github.com/aws/aws-sdk-go-v2/service/account"
	contacttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// proveSettings proves the settings of the whole account, and the parameters with facts about it.
func (p *prover) proveSettings(ctx context.Context, a *account) {
	const subject = SubjectSettings
	if alias := p.org.Alias(a.name); alias != "" {
		a.claim(subject, "its alias is "+alias, func() error { return a.checkAlias(ctx, alias) })
	}
	passwords := p.org.Baseline.Passwords
	a.claim(subject, "demands passwords "+passwordsText(passwords), func() error {
		out, err := a.iam.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
		if err != nil {
			return err
		}
		return demands(out.PasswordPolicy, passwords)
	})
	regions := p.org.Regions()
	for _, region := range regions {
		p.proveRegion(ctx, a, region)
	}
	a.claim(subject, "is closed to public S3 access", func() error { return a.checkClosed(ctx) })
	for _, about := range slices.Sorted(maps.Keys(p.org.Baseline.Contacts)) {
		contact := p.org.Baseline.Contacts[about]
		a.claim(subject, fmt.Sprintf("its %s contact is %s", about, contact.Email), func() error { return a.checkContact(ctx, about, contact) })
	}
	p.proveDefaultVPCs(ctx, a)
	p.proveServices(ctx, a, regions)
	p.proveParameters(ctx, a)
}

// proveRegion proves the settings that AWS keeps for each region of an account.
func (p *prover) proveRegion(ctx context.Context, a *account, region string) {
	in := func(o *ec2.Options) { o.Region = region }
	a.claim(SubjectSettings, "encrypts new volumes in "+region, func() error {
		out, err := a.ec2.GetEbsEncryptionByDefault(ctx, &ec2.GetEbsEncryptionByDefaultInput{}, in)
		if err == nil && !aws.ToBool(out.EbsEncryptionByDefault) {
			err = errors.New("encryption is off")
		}
		return err
	})
	a.claim(SubjectSettings, "has new instances answer IMDSv2 only in "+region, func() error {
		out, err := a.ec2.GetInstanceMetadataDefaults(ctx, &ec2.GetInstanceMetadataDefaultsInput{}, in)
		switch {
		case err != nil:
			return err
		case out.AccountLevel == nil || out.AccountLevel.HttpTokens != ec2types.HttpTokensStateRequired:
			return errors.New("IMDSv1 is answered unless a launch says otherwise")
		}
		return nil
	})
}

func (a *account) checkAlias(ctx context.Context, want string) error {
	out, err := a.iam.ListAccountAliases(ctx, &iam.ListAccountAliasesInput{})
	if err != nil {
		return err
	}
	return exactly(out.AccountAliases, []string{want})
}

// passwordsText describes a password policy.
func passwordsText(p organization.PasswordPolicy) string {
	text := fmt.Sprintf("of %d characters", p.MinimumLength)
	var kinds []string
	for _, kind := range []struct {
		on   bool
		name string
	}{{p.Uppercase, "upper case"}, {p.Lowercase, "lower case"}, {p.Numbers, "numbers"}, {p.Symbols, "symbols"}} {
		if kind.on {
			kinds = append(kinds, kind.name)
		}
	}
	if len(kinds) > 0 {
		text += " with " + strings.Join(kinds, ", ")
	}
	if p.Reuse > 0 {
		text += fmt.Sprintf(", none of the last %d", p.Reuse)
	}
	if p.MaxAgeDays > 0 {
		text += fmt.Sprintf(", new ones after %d days", p.MaxAgeDays)
	}
	return text
}

// demands checks an account's password policy field by field.
func demands(got *iamtypes.PasswordPolicy, want organization.PasswordPolicy) error {
	var wrong []string
	for _, field := range []struct {
		name      string
		got, want any
	}{
		{"MinimumPasswordLength", int(aws.ToInt32(got.MinimumPasswordLength)), want.MinimumLength},
		{"RequireUppercaseCharacters", got.RequireUppercaseCharacters, want.Uppercase},
		{"RequireLowercaseCharacters", got.RequireLowercaseCharacters, want.Lowercase},
		{"RequireNumbers", got.RequireNumbers, want.Numbers},
		{"RequireSymbols", got.RequireSymbols, want.Symbols},
		{"PasswordReusePrevention", int(aws.ToInt32(got.PasswordReusePrevention)), want.Reuse},
		{"MaxPasswordAge", int(aws.ToInt32(got.MaxPasswordAge)), want.MaxAgeDays},
		{"AllowUsersToChangePassword", got.AllowUsersToChangePassword, true},
		// A user whose password has expired couldn't sign in to change it.
		{"HardExpiry", aws.ToBool(got.HardExpiry), false},
	} {
		if field.got != field.want {
			wrong = append(wrong, fmt.Sprintf("%s is %v, and not %v", field.name, field.got, field.want))
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

// checkClosed checks the account's own block of public access, which a bucket's settings can't
// override.
func (a *account) checkClosed(ctx context.Context) error {
	out, err := a.s3control.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: &a.id})
	if err != nil {
		return err
	}
	c := out.PublicAccessBlockConfiguration
	if c == nil {
		return blocksAll(nil)
	}
	return blocksAll(&s3types.PublicAccessBlockConfiguration{
		BlockPublicAcls: c.BlockPublicAcls, BlockPublicPolicy: c.BlockPublicPolicy,
		IgnorePublicAcls: c.IgnorePublicAcls, RestrictPublicBuckets: c.RestrictPublicBuckets,
	})
}

func (a *account) checkContact(ctx context.Context, about string, want organization.Contact) error {
	out, err := a.contacts.GetAlternateContact(ctx, &awsaccount.GetAlternateContactInput{
		AlternateContactType: contacttypes.AlternateContactType(strings.ToUpper(about)),
	})
	if err != nil {
		return err
	}
	return isContact(out.AlternateContact, want)
}

func isContact(c *contacttypes.AlternateContact, want organization.Contact) error {
	if c == nil {
		return errors.New("there is none")
	}
	got := organization.Contact{
		Name: aws.ToString(c.Name), Title: aws.ToString(c.Title), Email: aws.ToString(c.EmailAddress), Phone: aws.ToString(c.PhoneNumber),
	}
	if got != want {
		return fmt.Errorf("it is %q, and not %q", got, want)
	}
	return nil
}

// fact is a parameter that there is to be.
type fact struct {
	name string
	// claim describes the value without the value itself, which may be an id.
	claim string
	// want returns the value; empty if there must be no parameter.
	want func() (string, error)
}

// proveParameters proves the parameters about the account. In the management account it also proves
// the parameters about each member.
func (p *prover) proveParameters(ctx context.Context, a *account) {
	facts := p.facts(a.name)
	facts = append(facts, fact{p.org.ParameterPath(a.name) + organization.FactZoneID, "is its zone's id", func() (string, error) {
		if a.zone.id == "" {
			return "", errors.New("there is no zone")
		}
		return a.zone.id, nil
	}})
	if a == p.master() {
		for _, name := range p.org.AccountNames() {
			facts = append(facts, p.facts(name)...)
		}
	}
	values, err := readParameters(ctx, a, facts)
	for _, f := range facts {
		a.claim(SubjectParameter, f.name+" "+f.claim, func() error {
			if err != nil {
				return err
			}
			want, err := f.want()
			if err != nil {
				return err
			}
			got, ok := values[f.name]
			switch {
			case !ok && want != "":
				return errors.New("there is no such parameter")
			case got != want:
				return fmt.Errorf("it is %q, and not %q", got, want)
			}
			return nil
		})
	}
}

// facts are the parameters that the management account has about an account.
func (p *prover) facts(name string) []fact {
	path := p.org.ParameterPath(name)
	role := p.org.AccessRoleOf(name)
	if name == organization.Master {
		// The management account has no access role. Its administrators' role is the way to enter
		// it.
		role = p.org.Name(name, organization.RoleAdmin)
	}
	network, claim := "", "isn't there"
	if n := p.org.Accounts[name].Network; n.IsValid() {
		network, claim = n.String(), "is "+n.String()
	}
	return []fact{
		{path + organization.FactAccountID, "is the id of " + name, func() (string, error) { return p.accountID(name) }},
		{path + organization.FactAccountARN, "is the ARN of " + name, func() (string, error) { return p.accountARN(name) }},
		{path + organization.FactAccessRole, "is the ARN of " + role, func() (string, error) {
			id, err := p.accountID(name)
			return organization.RoleARN(id, role), err
		}},
		{path + organization.FactNetwork, claim, func() (string, error) { return network, nil }},
	}
}

// accountARN returns an account's ARN in AWS Organizations.
func (p *prover) accountARN(name string) (string, error) {
	id, err := p.accountID(name)
	if err != nil {
		return "", err
	}
	for _, m := range p.members {
		if aws.ToString(m.Id) == id {
			return aws.ToString(m.Arn), nil
		}
	}
	return "", errors.Join(p.err, fmt.Errorf("account %s isn't in the organization", name))
}

// parametersAtOnce is the maximum number of parameters in one request.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
const parametersAtOnce = 10

// readParameters returns the values of the parameters that exist. It leaves out a value that isn't a
// plain string, because no fact is a secret.
func readParameters(ctx context.Context, a *account, facts []fact) (map[string]string, error) {
	if a.unreachable != nil {
		return nil, a.unreachable
	}
	values := map[string]string{}
	for some := range slices.Chunk(facts, parametersAtOnce) {
		var names []string
		for _, f := range some {
			names = append(names, f.name)
		}
		out, err := a.ssm.GetParameters(ctx, &ssm.GetParametersInput{Names: names})
		if err != nil {
			return nil, err
		}
		for _, parameter := range out.Parameters {
			if parameter.Type == ssmtypes.ParameterTypeString {
				values[aws.ToString(parameter.Name)] = aws.ToString(parameter.Value)
			}
		}
	}
	return values, nil
}
