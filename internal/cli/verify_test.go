package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/proof"
)

func TestVerifyFlags(t *testing.T) {
	t.Parallel()
	cmd := newVerify(terminal.Streams{}, func(_ context.Context, o *VerifyOptions) error {
		if diff := cmp.Diff([]string{"master", "prod"}, o.accounts); diff != "" || !o.json || !o.all || !o.noDNS || o.dir != "x" || o.dnsServer != "" {
			t.Errorf("got %+v", o)
		}
		return nil
	})
	cmd.SetArgs([]string{"--json", "--all", "--no-dns", "-C", "x", "master", "prod"})
	if err := cmd.Execute(); err != nil {
		t.Error(err)
	}
}

func TestVerifyUsage(t *testing.T) {
	t.Parallel()
	dir := declared(t, small)
	for want, args := range map[string][]string{
		`no account "prd": the accounts are master, dev, lab`:    {"prd"},
		"--no-dns and --dns-server: write one of them":           {"--no-dns", "--dns-server", "192.0.2.1"},
		"--dns-server a:b:c: write HOST or HOST:PORT":            {"--dns-server", "a:b:c"},
		`--dns-server ns.example:dns: the port "dns" is no numb`: {"--dns-server", "ns.example:dns"},
		`the port "0" is no number from 1 to 65535`:              {"--dns-server", "[2001:db8::1]:0"},
		"--dns-server :53: write a host before the port":         {"--dns-server", ":53"},
	} {
		code, out, errs := run(append([]string{"verify", "-C", dir}, args...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d, out %q, err %q", args, code, out, errs)
		}
	}
}

func TestSplitServer(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]struct {
		host string
		port uint16
	}{
		"":                    {"", 0},
		"192.0.2.1":           {"192.0.2.1", 0},
		"192.0.2.1:5353":      {"192.0.2.1", 5353},
		"2001:db8::1":         {"2001:db8::1", 0},
		"[2001:db8::1]":       {"2001:db8::1", 0},
		"[2001:db8::1]:65535": {"2001:db8::1", 65535},
		"ns.corp.example":     {"ns.corp.example", 0},
		"ns.corp.example:53":  {"ns.corp.example", 53},
	} {
		if host, port, err := splitServer(server); host != want.host || port != want.port || err != nil {
			t.Errorf("%q: %q, %d, %v", server, host, port, err)
		}
	}
}

func TestVerification(t *testing.T) {
	t.Parallel()
	good := proof.Proofs{
		Proofs:  []proof.Proof{{Account: "master", Subject: "zone", Claim: "a.io is a public zone, once", Holds: true}},
		Omitted: []string{"whether logs arrive: no"},
	}
	bad := proof.Proofs{Proofs: append(good.Proofs, proof.Proof{Account: "dev", Subject: "resolution", Claim: "it answers", Detail: "ns-1: NXDOMAIN;\nrun it"}), Omitted: []string{}}
	for name, c := range map[string]struct {
		proofs proof.Proofs
		all    bool
		err    error
		want   string
	}{
		"all hold": {good, true, nil, `
Proofs that hold, of those made by reading AWS:
IN      ORGANIZATION  GUARDRAILS  DNS  STATE  ACCESS  SETTINGS  AUDIT
master  -             -           1/1  -      -       -         -

IN      SUBJECT  HOLDS  CLAIM
master  zone     yes    a.io is a public zone, once

not proved: whether logs arrive: no
The organization is what is declared: all 1 proofs hold.
`},
		"one doesn't": {bad, false, errReported, `
Proofs that hold, of those made by reading AWS:
IN      ORGANIZATION  GUARDRAILS  DNS         STATE  ACCESS  SETTINGS  AUDIT
master  -             -           1/1         -      -       -         -
dev     -             -           0/1 FAILED  -      -       -         -

The organization ISN'T what is declared: 1 of 2 proofs don't hold:
- dev: resolution: it answers doesn't hold: ns-1: NXDOMAIN;
  run it
Where nothing else is said: ` + "`coldstart refresh`, then `coldstart preview` shows what `coldstart up` would put right.\n"},
	} {
		var out bytes.Buffer
		o := &VerifyOptions{declaration: declaration{streams: terminal.Streams{Out: &out}}, all: c.all}
		if err := o.report(c.proofs); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		out.Reset()
		o.json = true
		if err := o.report(c.proofs); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		var got struct {
			OK      bool
			Proofs  []proof.Proof
			Omitted []string
		}
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.proofs, proof.Proofs{Proofs: got.Proofs, Omitted: got.Omitted}); diff != "" || got.OK != (c.err == nil) {
			t.Errorf("%s: ok %t (-want +got)\n%s", name, got.OK, diff)
		}
	}
}
