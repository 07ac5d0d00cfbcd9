package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
)

// Stranger is something that the organization has in AWS and that isn't declared.
type Stranger struct {
	// Account is the name of the account in which it was found.
	Account string `json:"account"`
	// Subject is SubjectAccount, SubjectUnit, SubjectDelegation, SubjectTrail, SubjectOrganization for who administers a service, or
	// SubjectSettings for a service that is on and a default VPC, or SubjectUser.
	Subject Subject `json:"subject"`
	// Found says what was found, and Remedy what to do.
	Found  string `json:"found"`
	Remedy string `json:"remedy"`
}

// Strangers are the result of Undeclared.
type Strangers struct {
	Strangers []Stranger `json:"strangers"`
	// Omitted says what couldn't be looked at, and why.
	Omitted []string `json:"omitted"`
}

// Undeclared looks for what others have created in the organization where only coldstart
// should: accounts, units, delegations in the apex zone, administrators of services, trails, services that are on, default VPCs, and IAM
// users beside those for emergencies if nobody else is to have one. Pulumi's
// state has none of these. It finds trails of the organization's region, trails of all regions, and services in the allowed regions. It needs the
// management account's credentials. Of o, it uses Env and PlanToken. The error says that the
// management account can't be asked, or that ctx has ended.
func Undeclared(ctx context.Context, org *organization.Organization, o Options) (Strangers, error) {
	p, err := newProver(ctx, org, Options{Env: o.Env, NoDNS: true, PlanToken: o.PlanToken})
	if err != nil {
		return Strangers{}, err
	}
	s := Strangers{Strangers: []Stranger{}, Omitted: []string{}}
	s.accounts(p)
	s.units(p)
	s.delegations(p)
	s.administrators(ctx, p)
	return s, s.inAccounts(ctx, p)
}

func (s *Strangers) add(account string, subject Subject, found, remedy string) {
	s.Strangers = append(s.Strangers, Stranger{Account: account, Subject: subject, Found: found, Remedy: remedy})
}

func (s *Strangers) omit(what string, err error) {
	s.Omitted = append(s.Omitted, fmt.Sprintf("%s: %v", what, err))
}

// accounts looks for accounts that aren't declared, and for declared accounts whose address has
// changed in AWS. It leaves out undeclared accounts that aren't active, because AWS removes
// closed accounts by itself.
func (s *Strangers) accounts(p *prover) {
	if p.err != nil {
		s.omit("accounts of the organization", p.err)
		return
	}
	for _, a := range p.accounts {
		if e := (*misaddressedError)(nil); errors.As(a.misaddressed, &e) {
			s.add(a.name, SubjectAccount, e.found()+", and not "+p.org.AccountEmail(a.name), e.remedy())
		}
	}
	for _, m := range p.members {
		id, email := aws.ToString(m.Id), aws.ToString(m.Email)
		declared := id == p.masterID || slices.ContainsFunc(p.accounts, func(a *account) bool { return a.id == id })
		if !declared && accountstate.Of(m).Active() {
			s.add(organization.Master, SubjectAccount, fmt.Sprintf("account %s (%s, %s) is in the organization and not in the file", id, aws.ToString(m.Name), email),
				fmt.Sprintf("declare it under coldstart:accounts with email: %s, or leave it", email))
		}
	}
}

// delegations looks for NS records in the apex zone that delegate names to somebody else.
func (s *Strangers) delegations(p *prover) {
	apex, err := p.apex()
	if err != nil {
		s.omit("delegations of "+p.org.Domain, err)
		return
	}
	for _, r := range apex.records {
		name := strings.TrimSuffix(aws.ToString(r.Name), ".")
		declared := sameName(name, p.org.Domain) ||
			slices.ContainsFunc(accountNames(p.org), func(a string) bool { return sameName(name, p.org.ZoneName(a)) })
		if r.Type == dnstypes.RRTypeNs && !declared {
			s.add(organization.Master, SubjectDelegation, fmt.Sprintf("%s is delegated to %s", name, listed(valuesOf(r))),
				"delete the record if nobody knows what it is for: whoever has those name servers has the name")
		}
	}
}

func valuesOf(r dnstypes.ResourceRecordSet) []string {
	var values []string
	for _, v := range r.ResourceRecords {
		values = append(values, aws.ToString(v.Value))
	}
	return values
}

// inAccounts looks for trails besides coldstart's, for services that nobody has declared, for default VPCs, and for IAM users,
// in every account.
func (s *Strangers) inAccounts(ctx context.Context, p *prover) error {
	found, errs := make([][]Stranger, len(p.accounts)), make([]error, len(p.accounts))
	var g errgroup.Group
	g.SetLimit(provedAtOnce)
	for i, a := range p.accounts {
		g.Go(func() error {
			if errs[i] = a.unreachable; errs[i] == nil {
				trails, unread := p.foreignTrails(ctx, a)
				services, unasked := p.undeclaredServices(ctx, a)
				vpcs, unfound := p.leftDefaultVPCs(ctx, a)
				users, unlisted := p.undeclaredUsers(ctx, a)
				found[i], errs[i] = slices.Concat(trails, services, vpcs, users), errors.Join(unread, unasked, unfound, unlisted)
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, a := range p.accounts {
		// An account that doesn't exist yet has nothing, and a closed account shows nothing.
		if errs[i] != nil && !errors.Is(errs[i], errNoAccount) && !errors.Is(errs[i], errNotActive) {
			s.omit("trails, services, default VPCs and users of "+a.name, errs[i])
		}
		s.Strangers = append(s.Strangers, found[i]...)
	}
	return nil
}

// undeclaredUsers describes IAM users in the account that has those for emergencies, if nobody else is to have one.
func (p *prover) undeclaredUsers(ctx context.Context, a *account) (users []Stranger, err error) {
	if !p.org.OnlyIdentityCenter() || a.name != p.org.Access.Account {
		return nil, nil
	}
	pages := iam.NewListUsersPaginator(a.iam, &iam.ListUsersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range page.Users {
			if name := aws.ToString(u.UserName); !slices.Contains(p.org.IAMUsers(), name) {
				users = append(users, Stranger{
					Account: a.name, Subject: SubjectUser, Found: fmt.Sprintf("IAM user %s isn't one of those for emergencies", name),
					Remedy: "delete the user, or declare it under coldstart:users with emergency: true",
				})
			}
		}
	}
	return users, nil
}

// foreignTrails describes the account's own trails that coldstart hasn't created. An
// organization's trail belongs to the account in its ARN, so a member's own trails don't
// include it. With shadow trails, AWS also lists trails of all regions whose home region is
// another one. It doesn't list a trail of one other region.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
func (p *prover) foreignTrails(ctx context.Context, a *account) ([]Stranger, error) {
	out, err := a.cloudtrail.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	var foreign []Stranger
	for _, t := range out.TrailList {
		here := aws.ToString(t.HomeRegion) == p.org.Region
		ours := here && p.org.Audited() && aws.ToString(t.Name) == p.org.Name(a.name, organization.TrailName)
		if ours || !strings.Contains(aws.ToString(t.TrailARN), ":"+a.id+":") {
			continue
		}
		name := aws.ToString(t.Name)
		if !here {
			name += " of " + aws.ToString(t.HomeRegion)
		}
		foreign = append(foreign, Stranger{
			a.name, SubjectTrail, fmt.Sprintf("trail %s writes to bucket %s", name, aws.ToString(t.S3BucketName)),
			"delete it if nobody knows what it is for: it copies the account's log elsewhere, and costs by the event",
		})
	}
	return foreign, nil
}
