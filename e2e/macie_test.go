//go:build e2e

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// TestMacie turns Macie on in an organization that exists, adds a region and an account, and turns it off and on again, in another account.
// What somebody has turned on is taken over. Each advice is taken.
func TestMacie(t *testing.T) {
	begin(t)
	off := strings.NewReplacer("app: {}", "app: {}, logs: {}", "audit: none", "audit: { account: logs }").Replace(unwatched)
	w := newWorld(t, off)
	w.up()
	for _, name := range []string{"", "sec"} {
		_, err := w.macie(name, "eu-west-1").EnableMacie(context.Background(), &macie2.EnableMacieInput{})
		must(t, err)
	}

	classified := off + "  coldstart:security: { account: sec, macie: { export: true } }\n"
	w.declare(classified)
	contains(t, w.ok(coldstart(), "preview"), "account sec has Macie in eu-west-1: coldstart takes it over, with its findings",
		"account master has Macie in eu-west-1: coldstart takes it over, with its findings")
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	w.classified("eu-west-1", "", "app", "logs", "sec")

	// A region and an account more. AWS makes the new account a member by itself.
	wide := strings.NewReplacer("regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", "app: {}", "app: {}, lab: {}").Replace
	more := wide(classified)
	w.declare(more)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	w.classified("eu-central-1", "", "app", "lab", "logs", "sec")

	// Another account can't take over at once.
	w.declare(strings.Replace(more, "account: sec", "account: app", 1))
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		t.Error("another account took over")
	}
	contains(t, out, `coldstart:security.account: "app" was "sec", which administers Macie`)

	// Off. It stays on where AWS keeps it.
	w.declare(wide(off))
	contains(t, w.ok(coldstart(), "preview"), "Nobody administers Macie for the organization any more. It stays on in each account but the management account, and goes on costing",
		"Macie is turned off in these accounts, and AWS deletes its findings.", "Macie writes what it discovers nowhere any more")
	w.up()
	w.unchanged()
	w.proved()
	w.classified("eu-west-1", "app", "lab", "logs", "sec")
	out, code := w.exits(coldstart(), "drift")
	if code != 3 {
		t.Errorf("drift ends with %d", code)
	}
	contains(t, out, "Not declared:", "app: Macie is on in eu-west-1", "run `aws macie2 disable-macie --region eu-west-1` there")
	_, err = w.macie("app", "eu-west-1").DisableMacie(context.Background(), &macie2.DisableMacieInput{})
	must(t, err)
	sec := w.macie("sec", "eu-west-1")
	if _, err := sec.DisableMacie(context.Background(), &macie2.DisableMacieInput{}); err == nil {
		t.Error("Macie is off in an account that has associations")
	}
	left, err := sec.ListMembers(context.Background(), &macie2.ListMembersInput{OnlyAssociated: aws.String("false")})
	must(t, err)
	for _, m := range left.Members {
		_, err := sec.DeleteMember(context.Background(), &macie2.DeleteMemberInput{Id: m.AccountId})
		must(t, err)
	}
	_, err = sec.DisableMacie(context.Background(), &macie2.DisableMacieInput{})
	must(t, err)
	w.classified("eu-west-1", "lab", "logs")

	// Another account takes over, but not while somebody has made a third one the administrator, nor while AWS Organizations has that one.
	w.declare(strings.Replace(more, "account: sec", "account: app", 1))
	master, lab := w.macie("", "eu-west-1"), w.accounts()["aws+lab@watch.example"].Id
	_, err = master.EnableMacie(context.Background(), &macie2.EnableMacieInput{})
	must(t, err)
	_, err = master.EnableOrganizationAdminAccount(context.Background(), &macie2.EnableOrganizationAdminAccountInput{AdminAccountId: lab})
	must(t, err)
	const deregister = "run `aws organizations deregister-delegated-administrator --account-id "
	refused := func(what string, parts ...string) {
		t.Helper()
		out, err := w.run(coldstart(), "preview")
		if err == nil {
			t.Error(what)
		}
		contains(t, out, parts...)
	}
	refused("Macie gets a second administrator", "account master has account lab ("+aws.ToString(lab)+") as Macie's administrator in eu-west-1, and the file has app",
		"`aws macie2 disable-organization-admin-account --admin-account-id "+aws.ToString(lab)+" --region eu-west-1`", deregister+aws.ToString(lab))
	_, err = master.DisableOrganizationAdminAccount(context.Background(), &macie2.DisableOrganizationAdminAccountInput{AdminAccountId: lab})
	must(t, err)
	refused("AWS Organizations gets a second administrator", "account master has account lab ("+aws.ToString(lab)+") registered in AWS Organizations as Macie's administrator",
		deregister+aws.ToString(lab)+" --service-principal macie.amazonaws.com`")
	_, err = w.organizations().DeregisterDelegatedAdministrator(context.Background(), &organizations.DeregisterDelegatedAdministratorInput{
		AccountId: lab, ServicePrincipal: aws.String("macie.amazonaws.com"),
	})
	must(t, err)

	// A delegation that is the declared one is taken over.
	_, err = master.EnableOrganizationAdminAccount(context.Background(), &macie2.EnableOrganizationAdminAccountInput{AdminAccountId: w.accounts()["aws+app@watch.example"].Id})
	must(t, err)
	w.up()
	w.unchanged()
	w.proved()
	w.classified("eu-west-1", "", "app", "lab", "logs", "sec")
}

// classified checks in which accounts Macie is on in a region; the management account's name is empty.
func (w *world) classified(region string, want ...string) {
	w.t.Helper()
	names := []string{""}
	for email := range w.accounts() {
		if name, member := strings.CutPrefix(strings.TrimSuffix(email, "@watch.example"), "aws+"); member && name != "master" {
			names = append(names, name)
		}
	}
	var on []string
	for _, name := range names {
		_, err := w.macie(name, region).GetMacieSession(context.Background(), &macie2.GetMacieSessionInput{})
		if err == nil {
			on = append(on, name)
		} else if !awserror.MacieOff(err) {
			w.t.Error(err)
		}
	}
	slices.Sort(on)
	if !slices.Equal(on, want) {
		w.t.Errorf("in %s, Macie is on in %q, not in %q", region, on, want)
	}
}

// macie returns a client in an account; in the management account if name is empty.
func (w *world) macie(name, region string) *macie2.Client {
	w.t.Helper()
	return macie2.NewFromConfig(w.watched(name, region))
}
