package promises

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/organization"
)

// lately is how long ago a person has shown the second factor who has just done so.
const lately = time.Minute

// called is how a question names a user, whatever the user is called.
func called(user string) string { return "user/" + user }

// entering is the question whether somebody may assume a role of people's.
func (a *asking) entering(who string, g organization.Grant, mfa time.Duration) question {
	return question{
		who: called(who), own: true, action: "sts:AssumeRole", in: a.org.Access.Account, mfa: mfa,
		on: "arn:aws:iam::{" + g.Account + "}:role/" + a.org.Name(g.Account, g.Role), keys: with("sts:RoleSessionName", who),
	}
}

// askPeople: without MFA, people set it up and do nothing else; and they manage nobody's credentials but their own.
func askPeople(a *asking) {
	in := a.org.Access.Account
	users := a.Users()
	for i, user := range users {
		own := func(action string, mfa time.Duration) question {
			return question{who: called(user), own: true, action: action, in: in, on: "arn:aws:iam::{" + in + "}:user/" + user, mfa: mfa}
		}
		for _, action := range []string{"iam:ChangePassword", "iam:EnableMFADevice", "iam:GetUser"} {
			a.can(own(action, organization.NoMFA))
		}
		device := question{who: called(user), own: true, action: "iam:CreateVirtualMFADevice", in: in, on: "arn:aws:iam::{" + in + "}:mfa/" + user, mfa: organization.NoMFA}
		a.can(device)
		for _, action := range []string{"iam:ListUsers", "iam:ListAccountAliases", "s3:ListAllMyBuckets"} {
			a.barred(question{who: called(user), own: true, action: action, in: in, mfa: organization.NoMFA}, identity, "")
		}
		a.can(question{who: called(user), own: true, action: "iam:ListUsers", in: in, mfa: lately})
		for _, action := range []string{"iam:CreateAccessKey", "iam:DeactivateMFADevice", "iam:UpdateLoginProfile"} {
			a.barred(own(action, organization.NoMFA), identity, "")
			a.can(own(action, lately))
		}
		for _, action := range []string{"iam:AttachUserPolicy", "iam:PutUserPolicy"} {
			a.cannot(own(action, lately))
		}
		other := users[(i+1)%len(users)]
		if other == user {
			other += "x"
		}
		device.on, device.mfa = "arn:aws:iam::{"+in+"}:mfa/"+other, lately
		a.cannot(device)
		device.on, device.action = "arn:aws:iam::{"+in+"}:mfa/"+user, "iam:TagMFADevice"
		a.cannot(device)
		a.cannot(question{who: called(user), own: true, action: "iam:CreateAccessKey", in: in, on: "arn:aws:iam::{" + in + "}:user/" + other, mfa: lately})
		for _, action := range []string{"iam:CreateUser", "iam:DeleteUser", "iam:CreateRole", "iam:ListRoles"} {
			a.cannot(question{who: called(user), own: true, action: action, in: in, mfa: lately})
		}
	}
}

// askMatrix: people assume the roles that the declaration gives them, with MFA, and no others.
func askMatrix(a *asking) {
	for _, user := range a.Users() {
		granted := a.org.GrantsOf(user)
		for _, g := range a.org.IAMGrants() {
			if !slices.Contains(granted, g) {
				a.cannot(a.entering(user, g, lately))
				continue
			}
			a.can(a.entering(user, g, lately))
			a.cannot(a.entering(user, g, organization.NoMFA))
			if age := a.org.Access.MFAMaxAge; age > 0 {
				a.cannot(a.entering(user, g, age+time.Minute))
			}
		}
	}
	for _, who := range a.DirectoryPeople() {
		a.askAssignments(who)
	}
	// A role's own trust asks for MFA too: whoever is let in by a policy that forgets it.
	for _, account := range append([]string{organization.Master}, a.members...) {
		for _, role := range a.roles(account) {
			a.askTrust(account, role)
		}
	}
}

// askAssignments asks which permission sets let in a user of IAM Identity Center, or a group of an external directory.
func (a *asking) askAssignments(who string) {
	granted := a.granted(who)
	for _, account := range append([]string{organization.Master}, a.org.AccountNames()...) {
		a.promise.Asked++
		assigned := a.Assigned(who, account)
		for _, role := range a.org.RoleNames(account) {
			if slices.Contains(granted, organization.Grant{Account: account, Role: role}) && !slices.Contains(assigned, role) {
				a.misses(account, fmt.Sprintf("%s can't come into %s as %s by IAM Identity Center: it isn't assigned", who, account, role))
			}
		}
		for _, role := range assigned {
			if !slices.Contains(granted, organization.Grant{Account: account, Role: role}) {
				a.misses(account, fmt.Sprintf("%s can come into %s as %s by IAM Identity Center, which isn't declared", who, account, role))
			}
		}
	}
}

// misses notes that what is assigned in an account isn't what is declared. The stack of the account that administers Identity Center
// assigns it.
func (a *asking) misses(account, text string) {
	a.promise.Broken = append(a.promise.Broken, text)
	a.promise.Accounts = slices.Compact(slices.Sorted(slices.Values(append(a.promise.Accounts, account, a.org.IdentityCenterAccount()))))
}

// granted is what the declaration grants by IAM Identity Center to a user of it, or to a group of an external directory.
func (a *asking) granted(who string) (all []organization.Grant) {
	kind, name, _ := strings.Cut(who, "/")
	for _, group := range a.org.DirectoryGroups() {
		if kind == "user" && slices.Contains(group.Users, name) || kind == "group" && a.org.DirectoryGroupName(group.Name) == name {
			all = append(all, group.Grants...)
		}
	}
	return all
}

// askTrust asks about a role's trust, of a user who may assume everything.
func (a *asking) askTrust(account, role string) {
	enter := func(mfa time.Duration) question {
		return question{
			who: permissions.Almighty, action: "sts:AssumeRole", in: a.org.Access.Account, mfa: mfa,
			on: "arn:aws:iam::{" + account + "}:role/" + role, keys: with("sts:RoleSessionName", "any"),
		}
	}
	a.can(enter(lately))
	q := enter(lately)
	q.who = permissions.Powerless
	a.cannot(q)
	a.cannot(enter(organization.NoMFA))
	if age := a.org.Access.MFAMaxAge; age > 0 {
		a.cannot(enter(age + time.Minute))
	}
}

// askWorkflows: only runs of the declared repository come in, and what a pull request runs only reads.
func askWorkflows(a *asking) {
	g := a.org.Access.GitHub
	if g.Repository == "" {
		return
	}
	for _, account := range append([]string{organization.Master}, a.members...) {
		plan, apply := a.org.Name(account, organization.RolePlan), a.org.Name(account, organization.RoleApply)
		for _, subject := range slices.Concat(g.PlanSubjects(), g.ApplySubjects()) {
			_, run, _ := strings.Cut(strings.TrimPrefix(subject, "repo:"), ":")
			foreign := "repo:another/repository:" + run
			for _, role := range []string{plan, apply} {
				a.expectEntry(account, role, foreign, wellknown.Audience, false)
				a.expectEntry(account, role, subject, "another", false)
			}
			a.expectEntry(account, plan, subject, wellknown.Audience, slices.Contains(g.PlanSubjects(), subject))
			a.expectEntry(account, apply, subject, wellknown.Audience, slices.Contains(g.ApplySubjects(), subject))
		}
		a.askPlan(account, plan)
		a.can(question{who: apply, action: "iam:CreateRole", in: account})
	}
}

// expectEntry asks whether a run with a token of a subject and an audience may assume a role.
func (a *asking) expectEntry(account, role, subject, audience string, may bool) {
	q := question{
		who: organization.GitHubProviderARN("{" + account + "}"), action: "sts:AssumeRoleWithWebIdentity", in: account, on: "arn:aws:iam::{" + account + "}:role/" + role,
		keys: with(organization.GitHubIssuer+":sub", subject, organization.GitHubIssuer+":aud", audience),
	}
	if !may {
		a.cannot(q)
		return
	}
	a.can(q)
	q.who = "arn:aws:iam::{" + account + "}:oidc-provider/another.example"
	a.cannot(q)
}

// askPlan asks about the role of runs that preview.
func (a *asking) askPlan(account, plan string) {
	for _, action := range []string{"iam:CreateRole", "s3:PutObject", "s3:PutBucketPolicy", "kms:Encrypt", "sts:AssumeRole", "organizations:DetachPolicy"} {
		a.cannot(question{who: plan, action: action, in: account})
	}
	a.can(question{who: plan, action: "iam:GetRole", in: account})
	state := a.Key(account, "alias/"+a.org.Name(account, "state"))
	bucket := "arn:aws:s3:::" + a.org.Name(account, "state") + "-" + a.ID(account)
	call := func(action, object string) question {
		return question{who: plan, action: action, in: account, on: state, keys: with("kms:EncryptionContext:aws:s3:arn", object, "kms:EncryptionContextKeys", "aws:s3:arn")}
	}
	bare := func(action string) question {
		q := call(action, "")
		q.keys["kms:EncryptionContextKeys"] = nil
		return q
	}
	facts := bucket + "/" + wellknown.FactsKey(account)
	a.can(call("kms:Decrypt", facts))
	a.cannot(call("kms:Encrypt", facts))
	a.cannot(call("kms:Decrypt", bucket+"/any"))
	a.cannot(call("kms:Decrypt", "arn:aws:s3:::any/any"))
	other := call("kms:Decrypt", "")
	other.keys = with("kms:EncryptionContext:aws:s3:arn", "", "kms:EncryptionContextKeys", "any")
	a.cannot(other)
	a.cannot(bare("kms:Encrypt"))
	if account == organization.Master { // Its previews read secrets of the stacks' states.
		a.can(bare("kms:Decrypt"))
	} else {
		a.cannot(bare("kms:Decrypt"))
	}
	a.barred(question{who: plan, action: "kms:Decrypt", in: account}, identity, "")
}
