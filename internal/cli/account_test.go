package cli

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func content(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAccountList(t *testing.T) {
	t.Parallel()
	dir := declared(t, strings.Replace(small, "lab: {}", `lab: {id: "012345678901", email: lab@x.example, closeOnDelete: true, guardrails: [quarantine]}`, 1))
	code, out, errs := run("account", "list", "-C", dir)
	want := `ACCOUNT  UNIT  E-MAIL                NETWORK      ZONE              FLAGS
dev      -     aws+dev@acme.example  10.0.0.0/16  dev.acme.example  -
lab      -     lab@x.example         -            lab.acme.example  id 012345678901, closeOnDelete, guardrails quarantine
`
	if diff := cmp.Diff(want, out); diff != "" || code != exitDone {
		t.Errorf("exit code %d, %s (-want +got)\n%s", code, errs, diff)
	}
	_, out, _ = run("account", "list", "-C", dir, "--json")
	var rows []accountRow
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(accountRow{
		Account: "lab", Email: "lab@x.example", Zone: "lab.acme.example",
		Declared: Declared{ID: "012345678901", CloseOnDelete: true, Guardrails: []string{"quarantine"}},
	}, rows[1], cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
	_, out, _ = run("account", "list", "-C", declared(t, "config: {coldstart:namespace: a, coldstart:domain: a.example, coldstart:region: us-west-2, coldstart:email: '%s@a.example', coldstart:audit: none}"), "--json")
	if out != "[]\n" {
		t.Errorf("no accounts: %q", out)
	}
}

// TestAccountKeys compares the keys that the help lists with those of JSON, and has all that
// the table has no column for listed as flags.
func TestAccountKeys(t *testing.T) {
	t.Parallel()
	row := accountRow{Account: "lab", Unit: "u", Network: "10.1.0.0/16"}
	flags := []string{}
	for _, f := range row.others() {
		switch value := f.Value.(type) {
		case *string:
			*value = "some"
			flags = append(flags, f.Key+" some")
		case *bool:
			*value = true
			flags = append(flags, f.Key)
		case *[]string:
			*value = []string{"a", "b"}
			flags = append(flags, f.Key+" a b")
		case *map[string]string:
			*value = map[string]string{"A": "b"}
		}
	}
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, match := range regexp.MustCompile(`[{,]"([a-zA-Z]+)":`).FindAllStringSubmatch(string(text), -1) {
		if match[1] != "A" {
			keys = append(keys, match[1])
		}
	}
	if diff := cmp.Diff(rowKeys(), keys); diff != "" {
		t.Errorf("JSON has other keys than the help (-help +JSON)\n%s", diff)
	}
	if diff := cmp.Diff(strings.Join(flags, ", "), row.flags()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, help, _ := run("account", "list", "--help")
	if want := "{" + strings.Join(keys, ", ") + "}"; !strings.Contains(help, want) {
		t.Errorf("no %s in\n%s", want, help)
	}
}

func TestAccountAdd(t *testing.T) {
	t.Parallel()
	dir := declared(t, small+"  coldstart:units: {sandbox: {}}\n")
	file := filepath.Join(dir, "Pulumi.master.yaml")
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	before := content(t, file)
	want := strings.Replace(before, "lab: {}}", `lab: {}, new: {unit: sandbox, network: 10.1.0.0/16, protect: true, tags: {Cost: a=b, Team: "on"}}}`, 1)
	args := []string{"account", "add", "new", "-C", dir, "--unit", "sandbox", "--protect", "--tag", "Team=on", "--tag", "Cost=a=b"}

	code, out, errs := run(append(args, "--dry-run")...)
	if code != exitDone || !strings.Contains(out, "\n-  coldstart:accounts: {dev:") || !strings.Contains(out, "\n+  coldstart:accounts: {dev:") || errs != "Nothing was written.\n" {
		t.Errorf("dry run: exit code %d, %q\n%s", code, errs, out)
	}
	if content(t, file) != before {
		t.Error("the dry run wrote the file")
	}
	code, out, errs = run(args...)
	if code != exitDone || errs != "" {
		t.Fatalf("exit code %d, %s", code, errs)
	}
	if diff := cmp.Diff(want, content(t, file)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, part := range []string{"aws+new@acme.example can't be used for another one", "coldstart preview -C " + dir, "coldstart up -C " + dir, "10.1.0.0/16", "new.acme.example"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o640 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if code, _, errs := run("account", "list", "-C", dir); code != exitDone {
		t.Errorf("what was written has problems: %s", errs)
	}
}

func TestAccountAddNetworks(t *testing.T) {
	t.Parallel()
	plain := strings.Replace(small, "{network: 10.0.0.0/16}", "{}", 1)
	for name, c := range map[string]struct {
		declaration string
		network     []string
		want        string
	}{
		"others have one": {small, nil, "10.1.0.0/16"},
		"others don't":    {plain, nil, ""},
		"auto":            {plain, []string{"--network", "auto"}, "10.0.0.0/16"},
		"none":            {small, []string{"--network", "none"}, ""},
		"its own":         {small, []string{"--network", "10.1.128.0/20"}, "10.1.128.0/20"},
		// The declaration is valid with the account only.
		"the audit account": {strings.Replace(small, "audit: none", "audit: {account: new}", 1), nil, "10.1.0.0/16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"account", "add", "new", "--json", "-C", declared(t, c.declaration)}, c.network...)
			code, out, errs := run(args...)
			var got addition
			if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitDone {
				t.Fatalf("exit code %d, %s, %v", code, errs, err)
			}
			if got.Network != c.want || !got.Written || got.Diff != "" || got.Account != "new" || got.Email != "aws+new@acme.example" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAccountAddRefuses(t *testing.T) {
	t.Parallel()
	text := small + "  coldstart:units: {sandbox: {}}\n"
	full := strings.Replace(text, "10.0.0.0/15", "10.0.0.0/16", 1)
	for name, c := range map[string]struct {
		declaration string
		args        []string
		code        int
		want        []string
	}{
		"declared already":    {text, []string{"dev"}, exitFailed, []string{"nothing was written", `account "dev" is declared already, on line 8`}},
		"wrong unit and name": {text, []string{"New", "--unit", "sandbx", "--email", "x"}, exitFailed, []string{"nothing was written", "did you mean sandbox?", `"New" is not an account's name`, `"x" is not an e-mail address`}},
		"no room":             {full, []string{"new"}, exitFailed, []string{"nothing was written", "no room in the organization's 10.0.0.0/16 for another /16"}},
		"taken network":       {text, []string{"new", "--network", "10.0.0.0/16"}, exitFailed, []string{"nothing was written", "write another network; 10.1.0.0/16 is free"}},
		"taken address":       {text, []string{"new", "--email", "AWS+dev@acme.example"}, exitFailed, []string{"nothing was written", `is the address of account "dev" too`}},
		"no network":          {text, []string{"new", "--network", "10.1"}, exitUsage, []string{"--network 10.1: write an IPv4 network", "auto or none"}},
		"tags":                {text, []string{"new", "--tag", "a", "--tag", "b=1", "--tag", "b=2"}, exitUsage, []string{"--tag a: write a name and a value", `--tag b=2: "b" has a value already`}},
		"master":              {text, []string{"master"}, exitFailed, []string{`"master" is the management account's name`}},
		"problems before":     {text + "  coldstart:x: 1\n", []string{"new"}, exitFailed, []string{"Pulumi.master.yaml:15: coldstart:x: unknown key"}},
		"no name":             {text, nil, exitUsage, []string{"accepts 1 arg(s), received 0"}},
		"two names":           {text, []string{"a", "b"}, exitUsage, []string{"accepts 1 arg(s), received 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := declared(t, c.declaration)
			code, out, errs := run(append([]string{"account", "add", "-C", dir}, c.args...)...)
			if code != c.code || out != "" {
				t.Errorf("exit code %d, %q", code, out)
			}
			for _, want := range c.want {
				if !strings.Contains(errs, want) {
					t.Errorf("no %q in\n%s", want, errs)
				}
			}
			if content(t, filepath.Join(dir, "Pulumi.master.yaml")) != c.declaration {
				t.Error("the file was written")
			}
		})
	}
	code, _, errs := run("account", "add", "new", "-C", t.TempDir())
	if code != exitFailed || !strings.Contains(errs, "coldstart init") {
		t.Errorf("no file: exit code %d, %s", code, errs)
	}
	if code, _, errs := run("account", "frobnicate"); code != exitUsage || !strings.Contains(errs, `unknown command "frobnicate"`) {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

// A link to the declaration stays one.
func TestAccountAddThroughLink(t *testing.T) {
	t.Parallel()
	real, dir := filepath.Join(declared(t, small), "Pulumi.master.yaml"), t.TempDir()
	link := filepath.Join(dir, "Pulumi.master.yaml")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run("account", "add", "new", "-C", dir); code != exitDone {
		t.Fatal(errs)
	}
	if target, err := os.Readlink(link); err != nil || target != real || !strings.Contains(content(t, real), "new: ") {
		t.Errorf("the link is %s, %v", target, err)
	}
}
