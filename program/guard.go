package program

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// guard compares what the master stack was last run with to what is declared
// now and refuses what can't be undone. Pulumi's own protection would refuse
// most of it too, but later, and without the steps to take.
func guard(previous *stackref.Master, org *organization.Organization, existing *accounts.Existing) error {
	if previous == nil {
		return nil
	}
	archive := previous.Accounts[previous.AuditAccount].ID
	errs := []error{guardAll(previous, org, archive != "" && stateOf(existing, archive).GivenUp())}
	for _, name := range slices.Sorted(maps.Keys(previous.Accounts)) {
		was, account := previous.Accounts[name], org.Accounts[name]
		if account.ID != "" && account.ID != was.ID {
			errs = append(errs, fmt.Errorf("coldstart:accounts.%s.id: %s was %s: an account stands for one id; write %s again, or declare the other account under a name of its own",
				name, account.ID, was.ID, was.ID))
		}
	}
	return errors.Join(errs...)
}

// guardAll refuses what can't be undone and concerns every stack: what all names are made
// of, and where logs go. Previous is what the master stack exported last. Members ask this
// too, since plain Pulumi may run a member's stack before the master stack has refused. Gone
// says that the account with the archive is closed.
func guardAll(previous *stackref.Master, org *organization.Organization, gone bool) error {
	var errs []error
	for _, fixed := range []struct{ key, was, is, loses string }{
		{"namespace", previous.Namespace, org.Namespace, "every bucket, key and role would be replaced"},
		{"domain", previous.Domain, org.Domain, "every zone would be replaced"},
		{"region", previous.Region, org.Region, "every bucket, key and trail would be replaced"},
	} {
		if fixed.was != "" && fixed.was != fixed.is {
			errs = append(errs, fmt.Errorf("coldstart:%s: %q was %q: %s; write %q again, or start another organization",
				fixed.key, fixed.is, fixed.was, fixed.loses, fixed.was))
		}
	}
	errs = append(errs, guardTrail(previous.Trail, org.Audit.Trail), guardArchive(previous, org.Audit, gone), guardAdministrators(previous, org))
	return errors.Join(errs...)
}

// guardArchive refuses to leave an archive: no guardrail would protect it any more, and the
// organization's trail would be deleted, or wanted by two stacks. An archive in an account
// that is closed may be left, for none first: its stack has the trail until it is forgotten.
func guardArchive(previous *stackref.Master, is organization.Audit, gone bool) error {
	was := previous.AuditAccount
	again := fmt.Sprintf("write account: %s again; the logs of a running organization stay in the account that they go to", was)
	switch {
	case was == "" || is.Trail != organization.TrailNone && is.Account == was:
		return nil
	case is.Trail == organization.TrailNone && gone:
		return nil
	case gone:
		return fmt.Errorf("coldstart:audit.account: %q was %q, which is given up: write `coldstart:audit: none` first, take %[2]s out of coldstart:accounts, and run `coldstart up`; then write account: %[1]s, and run `coldstart up` again", is.Account, was)
	case is.Trail == organization.TrailNone:
		return fmt.Errorf("coldstart:audit: there would be no trail any more, and nothing would protect the archive in account %s; %s", was, again)
	}
	return fmt.Errorf("coldstart:audit.account: %q was %q: the trail that logs now would be deleted, and nothing would protect the archive in account %[2]s any more; %s", is.Account, was, again)
}

// guardAdministrators refuses to let one account take a service over from another at once: the two stacks would each want the
// delegation. AWS asks for the same order.
// https://docs.aws.amazon.com/guardduty/latest/ug/delegated-admin-remove.html
// https://docs.aws.amazon.com/inspector/latest/user/remove-delegated-admin.html
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-admin-change.html
// https://docs.aws.amazon.com/securityhub/latest/userguide/remove-admin-overview.html
func guardAdministrators(previous *stackref.Master, org *organization.Organization) error {
	before := map[string]string{
		organization.GuardDutyService: previous.GuardDutyAccount, organization.InspectorService: previous.InspectorAccount,
		organization.MacieService: previous.MacieAccount, organization.SecurityHubService: previous.SecurityHubAccount,
	}
	var errs []error
	for _, is := range org.Appointments() {
		if was := before[is.Principal]; was != "" && was != is.Account {
			errs = append(errs, fmt.Errorf("coldstart:security.account: %q was %q, which administers %s: take %s out, run `coldstart up`, and write it with the other account after that; findings stay with the account that has them",
				is.Account, was, is.Name, is.Key))
		}
	}
	return errors.Join(append(errs, guardConformancePacks(previous, org), guardPeople(previous, org), guardWay(previous, org))...)
}

// guardPeople refuses to let another account administer IAM Identity Center at once. The two stacks would have permission sets of the same
// names, which no two can have, and there is one delegated administrator.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
func guardPeople(previous *stackref.Master, org *organization.Organization) error {
	if peopleOf(*previous).InstanceARN == "" || !org.UsesIdentityCenter() || previous.AccessAccount == org.Access.Account {
		return nil
	}
	first := ""
	if wayOf(*previous) == organization.PeopleIdentityCenter {
		first = "write people: both, run `coldstart up`, then "
	}
	return fmt.Errorf("coldstart:access.account: %q was %q, which administers IAM Identity Center: %swrite people: iam, run `coldstart up`, and write people: both with the other account after that",
		org.Access.Account, previous.AccessAccount, first)
}

// guardConformancePacks refuses to take the administration from an account that has conformance packs: the management account's stack comes
// first, and without the administration that account can't delete them any more.
// https://docs.aws.amazon.com/config/latest/APIReference/API_DeleteOrganizationConformancePack.html
func guardConformancePacks(previous *stackref.Master, org *organization.Organization) error {
	was := ""
	for name, account := range previous.Accounts {
		if account.ID != "" && account.ID == previous.DelegatedAdministrators[organization.ConfigSetupService] {
			was = name
		}
	}
	if len(previous.ConformancePacks) == 0 || was == "" || org.ConformanceAccount() == was {
		return nil
	}
	return fmt.Errorf("coldstart:security.conformancePacks: account %s has deployed %s, and couldn't delete them any more: write `conformancePacks: {}` with account: %[1]s, run `coldstart up`, and go on after that",
		was, strings.Join(previous.ConformancePacks, ", "))
}

// warnOfMove says what it means for people that users are declared in another account.
func warnOfMove(ctx *pulumi.Context, previous *stackref.Master, org *organization.Organization) error {
	if previous == nil || previous.AccessAccount == "" || previous.AccessAccount == org.Access.Account {
		return nil
	}
	return ctx.Log.Warn(fmt.Sprintf("coldstart:access.account is %s and was %s: AWS moves no user, so every user is deleted in %[2]s and created in %[1]s; "+
		"each gets a first password again and registers an MFA device again. Don't run this as one of these users", org.Access.Account, previous.AccessAccount), nil)
}

// guardTrail refuses to let one mode of trails take over from the other at once: for some
// minutes nothing would be logged, or a trail that is protected would have to go first.
func guardTrail(was, is organization.TrailMode) error {
	if was == organization.TrailOrganization && is == organization.TrailAccount || was == organization.TrailAccount && is == organization.TrailOrganization {
		return fmt.Errorf("coldstart:audit.trail: %q was %q: logs would be missed; write both, run `coldstart up`, and after it write %[1]s and run `coldstart up` again", is, was)
	}
	return nil
}

// guardTakenOut refuses to let go of an account that the stack had and that isn't declared
// any more, unless it may go.
func guardTakenOut(name string, was stackref.Member, org *declaration, existing *accounts.Existing) error {
	key := "coldstart:accounts." + name
	state := stateOf(existing, was.ID)
	switch {
	case state.GivenUp() && org.settings.Held == nil:
		return fmt.Errorf("%s: account %s (%s) is %s and no longer declared: run `coldstart up`, which takes it out of the state together with its own stack; Pulumi alone would try to close it, or stop at its protection",
			key, name, was.ID, state)
	case state.GivenUp(), was.CloseOnDelete, was.KeepOnDelete:
		return nil
	}
	return fmt.Errorf(`%s: account %s (%s, %s) is no longer declared: accounts can't be deleted, and their addresses can't be used again; write it again, or
  to close it:   write it again with closeOnDelete: true; "pulumi up --stack master"; destroy its own stack
                 ("coldstart destroy %[2]s --unprotect"); take it out of the file; "pulumi up --stack master".
                 AWS closes it for good after 90 days.
  to keep it:    write it again with keepOnDelete: true; "pulumi up --stack master"; destroy its own stack, unless
                 what it declares shall stay; take it out of the file; "pulumi up --stack master".
                 The account stays in the organization, without coldstart`,
		key, name, was.ID, was.Email)
}
