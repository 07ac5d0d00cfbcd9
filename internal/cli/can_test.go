package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/internal/permissions"
)

// The answers of `coldstart can` as people read them, and the exit codes that scripts read.
func TestCan(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"yes":      {[]string{"ada", "s3:GetObject", "--in", "dev", "--resource", "arn:aws:s3:::a_b|c/x"}, exitDone},
		"no":       {[]string{"ada", "s3:PutObject", "--in", "dev"}, exitFailed},
		"no-mfa":   {[]string{"ada", "s3:GetObject", "--in", "dev", "--resource", "arn:aws:s3:::a_b|c/x", "--mfa", "none"}, exitFailed},
		"no-way":   {[]string{"bob", "s3:GetObject", "--in", "dev"}, exitFailed},
		"unknown":  {[]string{"cloudtrail.amazonaws.com", "sts:AssumeRole", "--in", "dev", "--resource", "arn:aws:iam::{dev}:role/OrganizationAccountAccessRole"}, exitFailed},
		"anybody":  {[]string{"anybody", "organizations:LeaveOrganization", "--in", "dev"}, exitDone},
		"guarded":  {[]string{"OrganizationAccountAccessRole", "--in", "dev", "--guarded"}, exitDone},
		"mistakes": {[]string{"eve", "s3:GetObjekt", "--in", "dev"}, exitFailed},
	} {
		code, out, errs := run(append([]string{"can", "-C", dir}, c.args...)...)
		if code != c.code {
			t.Errorf("%s: exit code %d, %s", name, code, errs)
		}
		golden.Check(t, "can-"+name+".txt", out+errs)
	}
	// The bucket is another account's, whatever account the question is about.
	if code, out, _ := run("can", "-C", dir, "admin", "s3:GetObject", "--in", "lab", "--resource", "arn:aws:s3:::acme-dev-state-{dev}/x"); code != exitFailed {
		t.Errorf("the state of another account: %s", out)
	}
	_, out, _ := run("can", "-C", dir, "ada", "s3:PutObject", "--in", "dev", "--json")
	var answer permissions.Answer
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.Who != "ada" || answer.Outcome != "denied implicitly" {
		t.Errorf("%v: %+v", err, answer)
	}
}

// All that is wrong with the command line is said at once.
func TestCanUsage(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	for args, want := range map[string][]string{
		"ada":                                   {"write the action after ada", "--in ACCOUNT"},
		"ada s3:GetObject --in dev --guarded":   {"write WHO alone"},
		"anybody --in dev --guarded":            {"--guarded is about one"},
		"ada s3:GetObject --in dev --mfa soon":  {"--mfa soon: write how long ago"},
		"ada s3:GetObject --in dev --with x":    {"--with x: write <key>=<value>"},
		"ada s3:GetObject --in nowhere":         {`there is no account "nowhere": the accounts are `},
		"ada s3:GetObject --in dev --mfa -1h":   {"--mfa -1h"},
		"ada s3:GetObject --mfa x --with y=1=2": {"--mfa x", "--with y=1=2", "--in ACCOUNT"},
	} {
		code, out, errs := run(append([]string{"can", "-C", dir}, strings.Fields(args)...)...)
		if code == exitDone || out != "" {
			t.Errorf("%s: exit code %d, %q", args, code, out)
		}
		for _, text := range want {
			if !strings.Contains(errs, text) {
				t.Errorf("%s: no %q in %s", args, text, errs)
			}
		}
	}
}
