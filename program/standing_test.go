package program_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// lived returns the world after the first run of an organization, with its accounts in AWS.
func lived(t *testing.T, org *organization.Organization) *world {
	t.Helper()
	w := after(t, org)
	w.found = &pulumitest.Found{}
	w.create(t)
	return w
}

// prodIn changes what AWS has of the account prod.
func (w *world) prodIn(change func(*pulumitest.FoundAccount)) {
	for i := range w.found.Accounts {
		if w.found.Accounts[i].ID == pulumitest.AccountID("prod") {
			change(&w.found.Accounts[i])
		}
	}
}

// holding runs the master stack, whose state has the accounts by name; nil for Pulumi
// alone, which doesn't say.
func (w *world) holding(t *testing.T, org *organization.Organization, held map[string]string, preview bool) *pulumitest.Result {
	t.Helper()
	settings := program.Settings{Dir: t.TempDir()}
	if held != nil {
		settings.Held = func(context.Context) (map[string]string, error) { return held, nil }
	}
	return pulumitest.Run{Stack: organization.Master, Preview: preview, Answers: w.answers()}.Do(t, program.For(org, program.Unpaced(settings)))
}

// heldBy returns the ids of all accounts but some.
func heldBy(org *organization.Organization, but ...string) map[string]string {
	held := map[string]string{}
	for _, name := range org.AccountNames() {
		held[name] = pulumitest.AccountID(name)
	}
	for _, name := range but {
		delete(held, name)
	}
	return held
}

// An account that the stack has had is known by its id, whatever its state in AWS is:
// it is never created again, and changed only if it works.
func TestStandings(t *testing.T) {
	t.Parallel()
	org, id := shipped(t), pulumitest.AccountID("prod")
	all, dropped := heldBy(org), heldBy(org, "prod")
	for _, c := range []struct {
		name, status string // "" for an account that the organization hasn't any more
		held         map[string]string
		registered   bool
		imports      string
		ignores      bool // all properties
		warns        string
	}{
		{"works", "ACTIVE", all, true, "", false, ""},
		{"works, and Pulumi alone", "ACTIVE", nil, true, "", false, ""},
		{"works again after a refresh dropped it", "ACTIVE", dropped, true, id, true, "this run only takes over"},
		{"closed", "CLOSED", all, true, "", true, ""},
		{"pending closure", "PENDING_CLOSURE", all, true, "", true, ""},
		{"suspended", "SUSPENDED", all, true, "", true, ""},
		{"not activated", "PENDING_ACTIVATION", all, true, "", true, ""},
		{"gone", "", all, true, "", true, ""},
		{"closed and dropped", "CLOSED", dropped, false, "", false, ""},
		{"gone and dropped", "", dropped, false, "", false, ""},
		{"closed, and Pulumi alone", "CLOSED", nil, true, id, true, "account prod (" + id + ") is CLOSED"},
		{"not activated, and Pulumi alone", "PENDING_ACTIVATION", nil, true, id, true, "complete its sign-up"},
		{"gone, and Pulumi alone", "", nil, true, id, true, "is not in the organization any more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				w := lived(t, org)
				w.prodIn(func(a *pulumitest.FoundAccount) {
					if a.Status = c.status; c.status == "" {
						a.ID = "999999999999"
					}
				})
				result := w.holding(t, org, c.held, preview)
				if result.Err != nil {
					t.Fatal(result.Err)
				}
				said := strings.Join(result.Messages, "\n")
				if !strings.Contains(said, c.warns) || c.warns == "" && said != "" {
					t.Errorf("it says %q", said)
				}
				found := 0
				for _, r := range result.OfType(pulumitest.AWSAccount) {
					if r.Name != "prod" {
						continue
					}
					found++
					if all := strings.Contains(strings.Join(r.IgnoreChanges, " "), "closeOnDeletion"); r.ImportID != c.imports || all != c.ignores {
						t.Errorf("imports %q, ignores %v", r.ImportID, r.IgnoreChanges)
					}
				}
				if (found == 1) != c.registered {
					t.Errorf("registered %d times", found)
				}
				exported, _ := result.Exports["accounts"].(map[string]any)["prod"].(map[string]any)
				if got := exported["id"]; got != id && (!preview || got != pulumitest.Unknown) {
					t.Errorf("exports the id %v", got)
				}
			})
		})
	}
}

// What is taken out of the file may go if it is closed, and only where somebody takes it
// out of the state.
func TestTakenOut(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"PENDING_CLOSURE", "CLOSED", "SUSPENDED", "PENDING_ACTIVATION", "ACTIVE", ""} {
		w := lived(t, shipped(t))
		w.prodIn(func(a *pulumitest.FoundAccount) {
			if a.Status = status; status == "" {
				a.ID = "999999999999"
			}
		})
		without := changed(t, func(o *organization.Organization) { remove(o, "prod") })
		goes := status != "ACTIVE" && status != "PENDING_ACTIVATION"
		if result := w.holding(t, without, heldBy(shipped(t)), false); (result.Err == nil) != goes {
			t.Errorf("%q: %v", status, result.Err)
		}
		want := "no longer declared: run `coldstart up`, which takes it out of the state together with its own stack"
		if !goes {
			want = "is no longer declared: accounts can't be deleted"
		}
		if result := w.holding(t, without, nil, false); result.Err == nil || !strings.Contains(result.Err.Error(), want) {
			t.Errorf("%q, Pulumi alone: %v", status, result.Err)
		}
	}
}

// AWS registers no closed account as an administrator, and attaches nothing to one that it
// doesn't have.
func TestTasksOfTheUnusable(t *testing.T) {
	t.Parallel()
	org := changed(t, func(o *organization.Organization) {
		o.Settings.DelegatedAdministrators = map[string]string{"sso.amazonaws.com": "prod"}
		changeAccount(o, "prod", func(a *organization.Account) { a.Guardrails = []string{organization.Quarantine} })
	})
	for status, want := range map[string]struct{ administrators, attachments int }{
		"ACTIVE": {1, 1}, "SUSPENDED": {1, 1}, "PENDING_CLOSURE": {0, 1}, "CLOSED": {0, 1}, "": {0, 0},
	} {
		w := lived(t, org)
		w.prodIn(func(a *pulumitest.FoundAccount) {
			if a.Status = status; status == "" {
				a.ID = "999999999999"
			}
		})
		result := w.holding(t, org, heldBy(org), false)
		attached := 0
		for _, r := range result.OfType(pulumitest.AWSPolicyAttachment) {
			if r.At("targetId") == pulumitest.AccountID("prod") {
				attached++
			}
		}
		if n := len(result.OfType(pulumitest.DelegatedAdministrator)); result.Err != nil || n != want.administrators || attached != want.attachments {
			t.Errorf("%q: %d administrators, %d attachments, %v", status, n, attached, result.Err)
		}
		if said := fmt.Sprint(result.Messages); strings.Contains(said, "delegatedAdministrators: account prod, which is to administer sso.amazonaws.com, is "+status) != (want.administrators == 0) && status != "" {
			t.Errorf("%q: says %s", status, said)
		}
	}
}

// An address that was changed in AWS is said, or taken over; one that wasn't is refused.
func TestChangedEmail(t *testing.T) {
	t.Parallel()
	id := pulumitest.AccountID("prod")
	for _, c := range []struct{ name, is, declared, status, says, refuses string }{
		{"nothing changed", "aws+prod@acme.example", "", "ACTIVE", "", ""},
		{"in AWS", "p@acme.example", "", "ACTIVE", "coldstart:accounts.prod.email: the address of account prod (" + id + ") has been changed in AWS: write email: p@acme.example", ""},
		{"in AWS and the file", "P@acme.example", "p@acme.example", "ACTIVE", "", ""},
		{"in the file", "aws+prod@acme.example", "p@acme.example", "ACTIVE", "", "aws account start-primary-email-update --account-id " + id + " --primary-email p@acme.example"},
		{"to two", "p@acme.example", "q@acme.example", "ACTIVE", "", `"q@acme.example" isn't the address of account prod (` + id + `): write email: p@acme.example, or`},
		{"of a closed one", "aws+prod@acme.example", "p@acme.example", "CLOSED", "", "another address is another account: write email: aws+prod@acme.example again, or give the account up: take prod out of the file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pulumitest.Both(t, func(t *testing.T, preview bool) {
				org := changed(t, func(o *organization.Organization) {
					changeAccount(o, "prod", func(a *organization.Account) { a.Email = c.declared })
				})
				w := lived(t, shipped(t))
				w.prodIn(func(a *pulumitest.FoundAccount) { a.Email, a.Status = c.is, c.status })
				result := w.holding(t, org, heldBy(org), preview)
				if c.refuses != "" {
					checkRefused(t, c.name, result, c.refuses)
					return
				}
				if got := fmt.Sprint(result.Messages); result.Err != nil || !strings.Contains(got, c.says) || c.says == "" && got != "[]" {
					t.Errorf("%v: it says %s", result.Err, got)
				}
				if r := result.Resource(t, pulumitest.AWSAccount, "prod"); r.ImportID != "" {
					t.Errorf("imports %s", r.ImportID)
				}
			})
		})
	}
}

// An account under another name is the same account, once its own stack is gone.
func TestRenamed(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "keepOnDelete", "closeOnDelete"} {
		before := changed(t, func(o *organization.Organization) {
			changeAccount(o, "prod", func(a *organization.Account) {
				a.KeepOnDelete, a.CloseOnDelete = key == "keepOnDelete", key == "closeOnDelete"
			})
		})
		shop := changed(t, func(o *organization.Organization) {
			account := o.Accounts["prod"]
			account.Email = "aws+prod@acme.example"
			remove(o, "prod")
			o.Accounts["shop"] = account
		})
		id := pulumitest.AccountID("prod")
		for _, held := range []map[string]string{nil, heldBy(before)} {
			w := lived(t, before)
			w.stacks["prod"] = map[string]any{"accountId": id}
			checkRefused(t, "its stack is there", w.holding(t, shop, held, false), `coldstart:accounts.shop: account prod (`+id+`) can't become shop while its own stack is there`)
			w.stacks["prod"] = map[string]any{} // It was destroyed.
			result := w.holding(t, shop, held, false)
			if result.Err != nil || len(result.Messages) > 0 {
				t.Fatalf("%v, %v", result.Err, result.Messages)
			}
			account, component := result.Resource(t, pulumitest.AWSAccount, "shop"), result.Resource(t, "coldstart:accounts:Account", "shop")
			// The engine gives what is in the component its alias.
			if account.ImportID != "" || fmt.Sprint(component.Aliases) != "[prod]" {
				t.Errorf("imports %q, was in %v", account.ImportID, component.Aliases)
			}
		}
	}
	w := lived(t, shipped(t))
	both := changed(t, func(o *organization.Organization) {
		o.Accounts["shop"] = organization.Account{ID: pulumitest.AccountID("prod")}
	})
	checkRefused(t, "both", w.holding(t, both, nil, false), "is account prod, which is declared too")
}
