package expectations

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

// An expectation asks about each account, each resource and each of those that anybody stands for.
func TestQuestions(t *testing.T) {
	t.Parallel()
	o := organization.Defaults()
	o.Namespace, o.Region = "z9", "eu-west-1"
	o.Accounts = map[string]organization.Account{"app": {}, "lab": {}}
	all := slices.Collect(questions(o, organization.Expectation{
		Cannot: []string{"s3:GetObject"}, In: []string{organization.EveryMember}, On: "arn:aws:s3:::<namespace>-<other>-{<other>}/<in>-<region>",
	}, func(account string) []string { return []string{"ada-" + account} }, func(account, on string) bool { return account == "lab" && strings.Contains(on, "{app}") }))
	want := []asked{
		{who: "ada-app", action: "s3:GetObject", account: "app", on: "arn:aws:s3:::z9-master-{master}/app-eu-west-1"},
		{who: "ada-app", action: "s3:GetObject", account: "app", on: "arn:aws:s3:::z9-lab-{lab}/app-eu-west-1"},
		{who: "ada-lab", action: "s3:GetObject", account: "lab", on: "arn:aws:s3:::z9-master-{master}/lab-eu-west-1"},
	}
	if diff := cmp.Diff(want, all, cmp.AllowUnexported(asked{})); diff != "" {
		t.Error(diff)
	}
	ada, none := func(string) []string { return []string{"ada"} }, func(string, string) bool { return false }
	o.Audit.Account = "lab"
	if all := slices.Collect(questions(o, organization.Expectation{In: []string{"<audit>"}, Can: []string{"a:B"}, On: "<audit>"}, ada, none)); len(all) != 1 || all[0].account != "lab" || all[0].on != "lab" {
		t.Errorf("%v", all)
	}
	o.Audit.Trail = organization.TrailNone
	if all := slices.Collect(questions(o, organization.Expectation{In: []string{"<audit>"}, Can: []string{"a:B"}}, ada, none)); len(all) != 0 {
		t.Errorf("%v", all)
	}
	if all := slices.Collect(questions(o, organization.Expectation{Can: []string{"a:B", "c:D"}, In: []string{"master"}}, ada, none)); len(all) != 2 || all[1].action != "c:D" {
		t.Errorf("%v", all)
	}
}
