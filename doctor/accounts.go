package doctor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/noted"
	"github.com/coldstart-aws/coldstart/internal/pace"
)

// list lists the organization's accounts.
func (x *examiner) list(ctx context.Context) []Finding {
	if x.organization == nil {
		return ok("%s declared besides the management account's; there are none yet", count(len(x.org.Accounts), "account"))
	}
	other := 0
	pages := organizations.NewListAccountsPaginator(x.organizations(), &organizations.ListAccountsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failure(orAgain(err, "give the caller AdministratorAccess"), "they can't be listed: %s", said(err))
		}
		x.accounts = append(x.accounts, page.Accounts...)
	}
	x.existing = &accounts.Existing{
		ID:              aws.ToString(x.organization.Id),
		MasterAccountID: aws.ToString(x.organization.MasterAccountId),
		Accounts:        map[string]accounts.ExistingAccount{},
	}
	for _, a := range x.accounts {
		x.existing.Accounts[strings.ToLower(aws.ToString(a.Email))] = accounts.ExistingAccount{ID: aws.ToString(a.Id), State: accountstate.Of(a), Invited: a.JoinedMethod == types.AccountJoinedMethodInvited}
		if !accountstate.Of(a).Active() {
			other++
		}
	}
	x.note(ctx)
	found := fmt.Sprintf("%s declared besides the management account's; the organization has %d", count(len(x.org.Accounts), "account"), len(x.accounts)-1)
	if other > 0 {
		found += fmt.Sprintf(", %d of them closed, about to be, or not in use yet", other)
	}
	return ok("%s", found)
}

// addresses finds out whether each declared account can be created or adopted. It uses the same
// function as the program.
func (x *examiner) addresses(context.Context) []Finding {
	var findings []Finding
	for _, name := range x.org.AccountNames() {
		if f := x.address(name); f != nil {
			f.Check = "account " + name
			findings = append(findings, *f)
		}
	}
	if len(findings) > 0 {
		return findings
	}
	toCreate := len(x.toCreate())
	return ok("%d to adopt, %d to create", len(x.org.Accounts)-toCreate, toCreate)
}

// address finds out whether one declared account can be created or adopted. It returns nil if
// nothing is in the way.
func (x *examiner) address(name string) *Finding {
	email := x.org.AccountEmail(name)
	if id := x.noted[name]; id != "" && x.existing != nil {
		found, is, ok := x.existing.WithID(id)
		if !ok {
			found.State = accountstate.Missing
		}
		switch {
		case !found.State.Usable():
			lines := strings.Split(found.State.Unusable(name, id, x.org.HoldsArchive(name)), "\n")
			for i, line := range lines {
				lines[i] = strings.Join(strings.Fields(line), " ")
			}
			return &Finding{Status: Failure, Found: lines[0], Remedy: strings.Join(lines[1:], "; ")}
		case !strings.EqualFold(is, email):
			return &Finding{
				Status: Warning, Found: fmt.Sprintf("%s isn't the address of account %s any more, which is %s in AWS", email, id, is),
				Remedy: fmt.Sprintf("write email: %s under coldstart:accounts.%s", is, name),
			}
		}
		return nil
	}
	if err := x.existing.Check(name, x.org.Accounts[name].ID, email); err != nil {
		found, remedy, _ := strings.Cut(err.Error(), "; ")
		return &Finding{Status: Failure, Found: found, Remedy: remedy}
	}
	return nil
}

// note reads the ids that coldstart has noted of accounts that AWS doesn't show as active under
// their declared addresses. If the ids can't be read, accounts are identified by their addresses
// only.
func (x *examiner) note(ctx context.Context) {
	doubtful := slices.DeleteFunc(x.org.AccountNames(), func(name string) bool {
		return x.existing.WithEmail(x.org.AccountEmail(name)).State.Active()
	})
	if ids, err := noted.IDs(ctx, x.cfg, x.org, doubtful); err == nil {
		x.noted = ids
	}
}

// toCreate returns the declared accounts that the organization doesn't have.
func (x *examiner) toCreate() []string {
	return slices.DeleteFunc(x.org.AccountNames(), func(name string) bool {
		return x.org.Accounts[name].ID != "" || x.accountOf(name).ID != ""
	})
}

// accountOf returns the account that is noted for a declared one, or the one with its address. If
// there is none, the account has no id.
func (x *examiner) accountOf(name string) accounts.ExistingAccount {
	if id := x.noted[name]; id != "" {
		found, _, _ := x.existing.WithID(id)
		found.ID = id
		return found
	}
	return x.existing.WithEmail(x.org.AccountEmail(name))
}

const raiseQuota = "ask for more, which can take days: https://console.aws.amazon.com/servicequotas/home/services/organizations/quotas (in us-east-1)"

// quota finds out whether AWS would create all declared accounts. Closed accounts count until AWS
// removes them.
func (x *examiner) quota(ctx context.Context) []Finding {
	wanted := max(1, len(x.accounts)) + len(x.toCreate()) // The management account counts.
	limit, err := x.readQuota(ctx)
	switch {
	case err != nil:
		findings := x.unanswered(err, "look it up, and "+raiseQuota, "how many accounts are allowed isn't known (%d by default, fewer in new organizations), and %d are needed", defaultAccounts, wanted)
		if wanted <= defaultAccounts && findings[0].Remedy != "" {
			findings[0].Remedy = "look it up: https://console.aws.amazon.com/servicequotas/home/services/organizations/quotas (in us-east-1)"
		}
		return findings
	case wanted > limit:
		return failure(raiseQuota, "%d accounts are needed, those that there are and the management account included, and %d allowed", wanted, limit)
	}
	return ok("%d accounts are needed, those that there are and the management account included, and %d allowed", wanted, limit)
}

// readQuota returns how many accounts the organization may have. It looks for the quota's name
// and not its code, because AWS says that the codes change.
func (x *examiner) readQuota(ctx context.Context) (int, error) {
	cfg := x.cfg.Copy()
	cfg.Region = globalRegion
	pages := servicequotas.NewListServiceQuotasPaginator(servicequotas.NewFromConfig(cfg), &servicequotas.ListServiceQuotasInput{ServiceCode: aws.String("organizations")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		for _, q := range page.Quotas {
			if strings.Contains(strings.ToLower(aws.ToString(q.QuotaName)), "maximum number of accounts") && q.Value != nil {
				return int(math.Min(*q.Value, math.MaxInt32)), nil
			}
		}
	}
	return 0, errors.New("AWS Organizations shows no quota for the number of accounts")
}

// creation says how long AWS takes to create the accounts.
func (x *examiner) creation(context.Context) []Finding {
	n := len(x.toCreate())
	least := pace.CreateAccount.Least(n)
	switch {
	case n == 0:
		return ok("nothing to create")
	case least == 0:
		return ok("%s to create, which AWS accepts at once", count(n, "account"))
	}
	return ok("%s to create: AWS accepts the last of them after %s at the earliest", count(n, "account"), least)
}

// accountsAtOnce is how many accounts are checked at the same time.
const accountsAtOnce = 16
