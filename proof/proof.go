package proof

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/costs"
	"github.com/coldstart-aws/coldstart/internal/noted"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/organization"
)

// provedAtOnce is how many accounts are proved concurrently. A member takes about 45 requests,
// 10 of them to the management account. The management account itself takes about 60.
const provedAtOnce = 4

// Proof is one claim about an account, and whether the claim holds. Claims contain no ids from
// AWS, so they are the same in every rehearsal of an organization.
type Proof struct {
	Account string  `json:"account"`
	Subject Subject `json:"subject"`
	Claim   string  `json:"claim"`
	Holds   bool    `json:"holds"`
	// Detail says why the claim doesn't hold.
	Detail string `json:"detail,omitempty"`
	// Remedy says what to do; empty if coldstart doesn't know.
	Remedy string `json:"remedy,omitempty"`
}

// Problem says in one line which claim doesn't hold, why, and what to do.
func (p Proof) Problem() string {
	problem := fmt.Sprintf("%s: %s: %s doesn't hold: %s", p.Account, p.Subject, p.Claim, p.Detail)
	if p.Remedy != "" {
		problem += "; " + p.Remedy
	}
	return problem
}

// Proofs are the result of Prove: the proofs of the management account, then those of each
// member in alphabetical order. The order of an account's proofs is always the same.
type Proofs struct {
	Proofs []Proof `json:"proofs"`
	// Omitted says which claims couldn't be decided, and why.
	Omitted []string `json:"omitted"`
}

// Options configures Prove. The zero value proves all accounts, with AWS and with the DNS of
// the Internet. For an emulator, the zero value asks no DNS server.
type Options struct {
	// Env are environment variables, such as AWS_PROFILE, that replace those of this process, like
	// automation.Options.Env. A variable with an empty value counts as not set.
	Env map[string]string
	// Accounts are the names of the accounts to prove; empty for all.
	Accounts []string
	// NoDNS leaves out the proofs that names resolve.
	NoDNS bool
	// DNSServers are the addresses of the name servers from which resolution starts, in place
	// of the root servers. They serve the zone above the domain, or refer to the servers that
	// do.
	DNSServers []netip.Addr
	// DNSPort is the port at which all name servers are asked; 0 for 53.
	DNSPort uint16
	// PlanToken, if not nil, makes proofs enter members by their plan roles, which can't change
	// anything, in place of their access roles. PlanToken returns one of GitHub's OIDC tokens
	// with the audience sts.amazonaws.com. It is called at least once for each member that is
	// proved, and possibly by several goroutines at the same time.
	PlanToken func(context.Context) (string, error)
	// OnProved, if not nil, is called after each account, never concurrently.
	OnProved func(account string)
}

// Prove reads from AWS everything that an organization declares, and asks DNS for what Route 53
// serves. It needs the management account's credentials, and slows down when AWS throttles. The
// error says that an account in o.Accounts isn't declared, that the management account can't be
// asked, or that ctx has ended.
func Prove(ctx context.Context, org *organization.Organization, o Options) (Proofs, error) {
	p, err := newProver(ctx, org, o)
	if err != nil {
		return Proofs{}, err
	}
	var told sync.Mutex
	var g errgroup.Group
	g.SetLimit(provedAtOnce)
	for _, a := range p.accounts {
		if len(o.Accounts) > 0 && !slices.Contains(o.Accounts, a.name) {
			continue
		}
		g.Go(func() error {
			p.prove(ctx, a)
			if o.OnProved != nil {
				told.Lock()
				defer told.Unlock()
				o.OnProved(a.name)
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return Proofs{}, err
	}
	together := p.provePermissions(ctx, o)
	result := Proofs{Proofs: []Proof{}, Omitted: append(p.omitted(), together...)}
	for _, a := range p.accounts {
		result.Proofs = append(result.Proofs, a.proofs...)
	}
	return result, nil
}

// prover has what the proofs of all accounts share. While accounts are proved concurrently, it
// is only read.
type prover struct {
	org      *organization.Organization
	cfg      aws.Config
	masterID string
	accounts []*account // the management account first
	*directory
	undeclaredUnits func() ([]undeclaredUnit, error)
	apex            func() (apexZone, error)
	// sameServers reports whether every zone has the same name servers.
	sameServers func() bool
	archive     func() (archive, error)
	people      func() (*people, error)
	resolver    resolver
	reach       func() error // returns an error if no server answers
	// unresolved returns why DNS isn't asked, and undelivered why no logs are looked for. Each
	// returns "" otherwise.
	unresolved, undelivered func() string
	// unconfirmed returns why nobody can confirm that alarms or findings arrive; "" if somebody can.
	unconfirmed func() string
	// costs returns what the management account has of Cost Explorer.
	costs func() (costs.Found, error)
	// unenforced returns "" if the endpoint enforces policies, and a text for Proofs.Omitted if
	// it doesn't.
	unenforced func() string
	// pace is how many of AWS's seconds pass in one; 0 if nothing is paced.
	pace pace.Pace
	// planning says that members are entered by their plan roles.
	planning bool
	// readOnly checks that AWS's managed policy ReadOnlyAccess allows nothing but reading.
	readOnly func() error
}

// account is an account, and what was found out about it.
type account struct {
	name string
	id   string // empty if there is no such account
	*clients
	// unreachable, if not nil, is why nothing in the account can be asked.
	unreachable error
	// misaddressed, if not nil, says that the account has another address in AWS.
	misaddressed error
	// remedy returns what to do about a subject that isn't as declared; nil for the management
	// account before there is an organization.
	remedy func(subject Subject) string
	zone   zone // the account's zone; empty until it is found
	proofs []Proof
}

func newProver(ctx context.Context, org *organization.Organization, o Options) (*prover, error) {
	if unknown := unknownAccounts(org, o.Accounts); len(unknown) > 0 {
		return nil, fmt.Errorf("no account %s is declared: the accounts are %s", listed(unknown), strings.Join(accountNames(org), ", "))
	}
	cfg, err := load(ctx, org, o)
	if err != nil {
		return nil, err
	}
	seconds, err := awsconfig.Pace(o.Env)
	if err != nil {
		return nil, err
	}
	master := &account{name: organization.Master, clients: newClients(cfg)}
	self, err := master.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("asking AWS whose credentials these are: %w", err)
	}
	master.id = aws.ToString(self.Account)
	p := &prover{org: org, cfg: cfg, masterID: master.id, accounts: []*account{master}, planning: o.PlanToken != nil, pace: seconds}
	p.directory = readDirectory(ctx, master.organizations, org)
	if p.organization != nil { // There is nothing to update before there is an organization.
		master.remedy = remedyFor(org, organization.Master)
	}
	ids, err := p.noted(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range org.AccountNames() {
		a := &account{name: name, remedy: remedyFor(org, name)}
		a.id, a.unreachable = p.find(org.AccountEmail(name), org.Accounts[name].ID)
		if a.misaddressed = p.findNoted(ids[name]); a.misaddressed != nil {
			a.id, a.unreachable = ids[name], nil
		}
		if a.unreachable == nil {
			a.clients = newClients(entering(ctx, cfg, org, a, o.PlanToken))
		}
		p.accounts = append(p.accounts, a)
	}
	p.undeclaredUnits = sync.OnceValues(func() ([]undeclaredUnit, error) { return p.readUndeclaredUnits(ctx) })
	p.apex = p.readApexOnce(ctx)
	p.sameServers = sync.OnceValue(func() bool { return p.servesAllAlike(ctx) })
	p.archive = p.readArchiveOnce(ctx)
	p.people = p.readPeopleOnce(ctx)
	p.resolver = newResolver(ctx, o)
	p.reach = p.resolver.Reach
	p.unresolved = sync.OnceValue(func() string { return p.unresolvable(o) })
	p.undelivered = sync.OnceValue(func() string { return p.undeliveredLogs(ctx) })
	p.unconfirmed = sync.OnceValue(func() string { return p.unconfirmedAddresses(ctx) })
	p.costs = sync.OnceValues(func() (costs.Found, error) { return p.findCosts(ctx) })
	p.unenforced = sync.OnceValue(func() string { return p.unenforcedPolicies(ctx) })
	p.readOnly = sync.OnceValue(func() error { return checkReadOnlyAccess(ctx, master.iam) })
	return p, nil
}

// noted returns the ids that coldstart has noted for declared accounts, by name. It looks only
// for accounts whose declared addresses no account in AWS has.
func (p *prover) noted(ctx context.Context) (map[string]string, error) {
	lost := slices.DeleteFunc(p.org.AccountNames(), func(name string) bool {
		_, err := p.find(p.org.AccountEmail(name), "")
		return !errors.Is(err, errNoAccount)
	})
	ids, err := noted.IDs(ctx, p.cfg, p.org, lost)
	if err != nil {
		return nil, fmt.Errorf("reading which accounts are noted in the management account: %w", err)
	}
	return ids, nil
}

// accountNames returns the names of all accounts, in the order of proofs.
func accountNames(org *organization.Organization) []string {
	return append([]string{organization.Master}, org.AccountNames()...)
}

func unknownAccounts(org *organization.Organization, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(accountNames(org), name) })
}

// accountID returns the id of any of the organization's accounts.
func (p *prover) accountID(name string) (string, error) {
	for _, a := range p.accounts {
		if a.name == name && a.id != "" {
			return a.id, nil
		}
	}
	return "", fmt.Errorf("there is no account %s", name)
}

// master returns the management account.
func (p *prover) master() *account { return p.accounts[0] }

// prove proves everything about one account.
func (p *prover) prove(ctx context.Context, a *account) {
	if a == p.master() {
		p.proveOrganization(ctx, a)
		p.proveGuardrails(ctx, a)
	} else {
		p.proveMembership(ctx, a)
	}
	p.proveZones(ctx, a)
	p.proveResolution(ctx, a)
	p.proveState(ctx, a)
	p.proveImages(ctx, a)
	p.proveAccess(ctx, a)
	p.proveSettings(ctx, a)
	p.proveAudit(ctx, a)
	p.proveAlarms(ctx, a)
	p.proveBudgets(ctx, a)
	p.proveConfig(ctx, a)
	p.proveConformancePacks(ctx, a)
	p.proveGuardDuty(ctx, a)
	p.proveInspector(ctx, a)
	p.proveMacie(ctx, a)
	p.proveExports(ctx, a)
	p.proveSecurityHub(ctx, a)
	p.proveFindings(ctx, a)
	p.provePeople(ctx, a)
}

// omitted returns which claims weren't decided, and why.
func (p *prover) omitted() []string {
	reasons := []string{p.unenforced(), p.unprovedUnits(), p.shutRegions(), p.unbuiltImages(), p.sharedNameServers(), p.unresolved(), p.undelivered(), p.unconfirmed(), p.unbilled()}
	return slices.DeleteFunc(reasons, func(reason string) bool { return reason == "" })
}

// claim adds a proof. The claim holds if check returns nil; otherwise check's error says why
// the claim doesn't hold. If nothing in the account can be asked, claim doesn't call check.
func (a *account) claim(subject Subject, claim string, check func() error) {
	err := a.unreachable
	if err == nil {
		err = check()
	}
	a.note(subject, claim, err)
}

// note adds a proof of a claim that was checked before. err is the result of that check.
func (a *account) note(subject Subject, claim string, err error) {
	proof := Proof{Account: a.name, Subject: subject, Claim: claim, Holds: err == nil}
	if err != nil {
		proof.Detail = detail(err)
		proof.Remedy = a.remedyOf(subject, err)
	}
	a.proofs = append(a.proofs, proof)
}

// detail shortens an SDK's error to AWS's message, without request ids.
func detail(err error) string {
	return cmp.Or(awserror.Answer(err), err.Error())
}
