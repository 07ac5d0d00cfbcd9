package promises

import (
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// delegating is who a question about a member's delegation is asked of.
func (a *asking) delegating(member string) string {
	return a.org.Name(member, organization.RoleDelegation)
}

// askDelegations: the delegation role of a member changes the name servers of the member's name and nothing else, and only
// the member's own stack has it.
func askDelegations(a *asking) {
	apex := a.Zone(a.org.Domain)
	for i, member := range a.org.AccountNames() {
		role := a.delegating(member)
		own, other := a.org.ZoneName(member), a.org.ZoneName(organization.Master)
		change := func(zone string, keys map[string][]string) question {
			return question{who: role, action: "route53:ChangeResourceRecordSets", in: organization.Master, on: zone, keys: keys}
		}
		record := func(name, typ string) map[string][]string {
			return with("route53:ChangeResourceRecordSetsNormalizedRecordNames", name, "route53:ChangeResourceRecordSetsRecordTypes", typ, "route53:ChangeResourceRecordSetsActions", "UPSERT")
		}
		both := record(own, "NS")
		both["route53:ChangeResourceRecordSetsNormalizedRecordNames"] = []string{own, other}
		nameless, typeless := record(own, "NS"), record(own, "NS")
		nameless["route53:ChangeResourceRecordSetsNormalizedRecordNames"] = nil
		typeless["route53:ChangeResourceRecordSetsRecordTypes"] = nil
		a.can(change(apex, record(own, "NS")))
		for _, keys := range []map[string][]string{record(other, "NS"), record("www."+own, "NS"), record(own, "A"), both, nameless, typeless} {
			a.cannot(change(apex, keys))
		}
		a.cannot(change(anyZone, record(own, "NS")))
		a.can(question{who: role, action: "route53:ListResourceRecordSets", in: organization.Master, on: apex})
		a.can(question{who: role, action: "route53:GetHostedZone", in: organization.Master, on: anyZone})
		a.can(question{who: role, action: "route53:GetChange", in: organization.Master})
		a.cannot(question{who: role, action: "route53:ListResourceRecordSets", in: organization.Master, on: anyZone})
		for _, action := range []string{"route53:DeleteHostedZone", "route53:CreateHostedZone", "route53:AssociateVPCWithHostedZone", "route53:ListHostedZones", "iam:ListRoles"} {
			a.cannot(question{who: role, action: action, in: organization.Master})
		}
		a.askWhoDelegates(member, a.org.AccountNames()[(i+1)%len(a.org.AccountNames())])
	}
}

// anyZone is a zone that is no matter of coldstart's.
const anyZone = "arn:aws:route53:::hostedzone/Z0ANY"

// askWhoDelegates asks who may assume a member's delegation role. Other is another member, or the same one.
func (a *asking) askWhoDelegates(member, other string) {
	enter := func(account, role string, keys map[string][]string) question {
		return question{
			who: "arn:aws:iam::{" + account + "}:role/" + role, action: "sts:AssumeRole", in: organization.Master,
			on: "arn:aws:iam::{" + organization.Master + "}:role/" + a.delegating(member), keys: keys,
		}
	}
	a.can(enter(member, a.org.AccessRoleOf(member), nil))
	// An account that has been taken out of the organization keeps its role.
	a.cannot(enter(member, a.org.AccessRoleOf(member), with("aws:PrincipalOrgID", "o-another")))
	if other != member {
		a.cannot(enter(other, a.org.AccessRoleOf(other), nil))
	}
	// The management account's own policies decide who of it may.
	for who, ask := range map[string]func(question){permissions.Almighty: a.can, permissions.Powerless: a.cannot} {
		q := enter(member, "", nil)
		q.who = who
		ask(q)
	}
	for _, role := range a.roles(member) {
		if role != a.org.AccessRoleOf(member) {
			a.cannot(enter(member, role, nil))
		}
	}
}
