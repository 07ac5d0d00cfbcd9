package expectations

import (
	"iter"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/organization"
)

// accountsOf returns the names of the accounts that an expectation is about: none if it is about the archive and there
// is none.
func accountsOf(o *organization.Organization, e organization.Expectation) []string {
	switch {
	case !o.Audited() && (slices.Contains(e.In, organization.InAudit) || strings.Contains(e.On, organization.InAudit)):
		return nil
	case slices.Contains(e.In, organization.EveryMember):
		return o.AccountNames()
	}
	accounts := slices.Clone(e.In)
	for i, account := range accounts {
		if account == organization.InAudit {
			accounts[i] = o.Audit.Account
		}
	}
	return accounts
}

// asked is one question of an expectation.
type asked struct{ who, action, account, on string }

// questions yields what an expectation asks: for everybody who returns of an account, and without resources that skip
// reports for an account.
func questions(o *organization.Organization, e organization.Expectation, who func(account string) []string, skip func(account, on string) bool) iter.Seq[asked] {
	return func(yield func(asked) bool) {
		for _, account := range accountsOf(o, e) {
			who := who(account)
			for on := range resourcesOf(o, e.On, account) {
				if skip(account, on) {
					continue
				}
				for _, action := range slices.Concat(e.Can, e.Cannot) {
					for _, one := range who {
						if !yield(asked{who: one, action: action, account: account, on: on}) {
							return
						}
					}
				}
			}
		}
	}
}

// resourcesOf yields the ARNs that an expectation's pattern stands for.
func resourcesOf(o *organization.Organization, on, account string) iter.Seq[string] {
	return func(yield func(string) bool) {
		on := strings.NewReplacer("<in>", account, "<namespace>", o.Namespace, "<region>", o.Region, organization.InAudit, o.Audit.Account).Replace(on)
		if !strings.Contains(on, "<other>") {
			yield(on)
			return
		}
		for _, other := range append([]string{organization.Master}, o.AccountNames()...) {
			if other != account && !yield(strings.ReplaceAll(on, "<other>", other)) {
				return
			}
		}
	}
}
