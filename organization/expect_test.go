package organization

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is wrong with an expectation is said with its key, all of it at once.
func TestExpectationsThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	for e, want := range map[string][]string{
		"{}": {"expect.x.who: nobody is named", "expect.x: an expectation is about what somebody can do", "expect.x.because: the reason is missing"},
		"{who: ada, can: s3:GetObject, cannot: s3:PutObject, because: y}":             {"write either can or cannot"},
		"{who: ada, can: [GetObject, s3:*], because: y}":                              {`"GetObject" is no action`, `"s3:*" is no action`},
		"{who: ada, can: s3:GetObject, in: nowhere, because: y}":                      {`expect.x.in: the account "nowhere" isn't declared`},
		"{who: ada, can: s3:GetObject, except: eve, because: y}":                      {"only anybody has exceptions"},
		"{who: ada, can: s3:GetObject, on: \"arn:aws:s3:::<account>/x\", because: y}": {"<account> stands for nothing; write one of <in>, <other>, <audit>, <namespace>, <region>"},
		"{who: ada, can: s3:GetObject, mfa: soon, because: y}":                        {`"soon" is not a length of time`},
		"{who: ada, can: s3:GetObject, mfa: -1h, because: y}":                         {"expect.x.mfa: -1h0m0s ago is in the future; write a length of time such as 30m, or none"},
		"{who: ada, cam: s3:GetObject, because: y}":                                   {"did you mean can?"},
	} {
		_, err := Parse(File, []byte(`config: {coldstart:namespace: z9, coldstart:domain: z9.example, coldstart:region: eu-west-1, coldstart:email: "z+%s@z9.example", coldstart:audit: none, coldstart:expect: {x: `+e+"}}"))
		for _, text := range want {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: no %q in\n%v", e, text, err)
			}
		}
	}
}

// An expectation asks about each account, each resource and each of those that anybody stands for.
func TestQuestions(t *testing.T) {
	t.Parallel()
	o := Defaults()
	o.Namespace, o.Region = "z9", "eu-west-1"
	o.Accounts = map[string]Account{"app": {}, "lab": {}}
	all := slices.Collect(o.Questions(Expectation{
		Cannot: []string{"s3:GetObject"}, In: []string{EveryMember}, On: "arn:aws:s3:::<namespace>-<other>-{<other>}/<in>-<region>",
	}, func(account string) []string { return []string{"ada-" + account} }, func(account, on string) bool { return account == "lab" && strings.Contains(on, "{app}") }))
	want := []Asked{
		{Who: "ada-app", Action: "s3:GetObject", Account: "app", On: "arn:aws:s3:::z9-master-{master}/app-eu-west-1"},
		{Who: "ada-app", Action: "s3:GetObject", Account: "app", On: "arn:aws:s3:::z9-lab-{lab}/app-eu-west-1"},
		{Who: "ada-lab", Action: "s3:GetObject", Account: "lab", On: "arn:aws:s3:::z9-master-{master}/lab-eu-west-1"},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
	ada, none := func(string) []string { return []string{"ada"} }, func(string, string) bool { return false }
	o.Audit.Account = "lab"
	if all := slices.Collect(o.Questions(Expectation{In: []string{"<audit>"}, Can: []string{"a:B"}, On: "<audit>"}, ada, none)); len(all) != 1 || all[0].Account != "lab" || all[0].On != "lab" {
		t.Errorf("%v", all)
	}
	o.Audit.Trail = TrailNone
	if all := slices.Collect(o.Questions(Expectation{In: []string{"<audit>"}, Can: []string{"a:B"}}, ada, none)); len(all) != 0 {
		t.Errorf("%v", all)
	}
	if all := slices.Collect(o.Questions(Expectation{Can: []string{"a:B", "c:D"}, In: []string{"master"}}, ada, none)); len(all) != 2 || all[1].Action != "c:D" {
		t.Errorf("%v", all)
	}
}
