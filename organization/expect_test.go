package organization

import (
	"strings"
	"testing"
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
