package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/environ"
	"github.com/coldstart-aws/coldstart/organization"
)

// timeout is how long a check may take. It is long, because a busy machine is slow and not broken.
const timeout = 3 * time.Minute

// answerIn is how long AWS may take to answer. asks is how often a request is sent before doctor
// says that there was no answer.
const (
	answerIn = 20 * time.Second
	asks     = 3
)

// Status is the result of a check.
type Status string

// The results of a check.
const (
	// OK says that a run wouldn't fail here.
	OK Status = "ok"
	// Warning says that a person should look at something, or that something couldn't be found out.
	Warning Status = "warning"
	// Failure says that a run would fail.
	Failure Status = "failure"
	// Skipped says that the check wasn't made, because it needs what another check didn't find.
	Skipped Status = "skipped"
)

// Topics are the topics of findings, in the order in which Examine returns them.
var Topics = []string{toolchain, state, inAWS, inOrganization, members, dns}

const (
	toolchain      = "toolchain"
	state          = "backend"
	inAWS          = "AWS"
	inOrganization = "organization"
	members        = "accounts"
	dns            = "DNS"
)

// Finding is one result of a check.
type Finding struct {
	Topic  string `json:"topic"`
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Found says what the check found, or why it isn't known.
	Found string `json:"found"`
	// Remedy says what to do; empty if nothing needs to be done.
	Remedy string `json:"remedy,omitempty"`
}

// Options are the options of Examine. The zero value checks the current folder with the process's
// environment.
type Options struct {
	// Dir is the project's folder; empty for the current one.
	Dir string
	// Env is added to the process's environment, like automation.Options.Env. A variable with an
	// empty value counts as not set.
	Env map[string]string
	// Roots are root name servers, as host:port, to use instead of the Internet's. All other name
	// servers are asked at the same port.
	Roots []string
	// OnCheck, if not nil, is called when a check starts and when it is done, never concurrently.
	OnCheck func(topic, check string, done bool)
}

// Examine runs every check and returns the findings, always in the same order. Checks that
// don't need each other run concurrently. Each check returns at least one finding.
func Examine(ctx context.Context, org *organization.Organization, o Options) []Finding {
	return examine(ctx, org, o, answerIn)
}

// examine is Examine with a limit for AWS's answers.
func examine(ctx context.Context, org *organization.Organization, o Options, answerIn time.Duration) []Finding {
	x := &examiner{org: org, options: o, answerIn: answerIn}
	defer x.close()
	checks := x.checks()
	byName := map[string]*check{}
	for _, c := range checks {
		c.done = make(chan struct{})
		byName[c.name] = c
	}
	var all sync.WaitGroup
	for _, c := range checks {
		all.Go(func() {
			defer close(c.done)
			c.make(ctx, byName, x.tell)
		})
	}
	all.Wait()
	var findings []Finding
	for _, c := range checks {
		findings = append(findings, c.findings...)
	}
	return findings
}

// check is one check. Its run stores what it finds in the examiner, where checks that need it can
// read it.
type check struct {
	topic, name string
	needs       []string
	run         func(context.Context) []Finding

	findings []Finding
	done     chan struct{}
}

func (x *examiner) checks() []*check {
	checks := []*check{
		{topic: toolchain, name: "Pulumi CLI", run: x.cli},
		{topic: toolchain, name: "Go language host", needs: []string{"Pulumi CLI"}, run: x.languageHost},
		{topic: toolchain, name: "AWS plugin", run: x.plugin},
		{topic: toolchain, name: "project folder", run: x.folder},
		{topic: toolchain, name: "declaration", needs: []string{"project folder"}, run: x.declaration},

		{topic: state, name: "login", run: x.login},
		{topic: state, name: "stacks", needs: []string{"login"}, run: x.listStacks},
		{topic: state, name: "locks", needs: []string{"login"}, run: x.locks},
		{topic: state, name: "secrets", needs: []string{"stacks"}, run: x.secrets},

		{topic: inAWS, name: "connection", run: x.connection},
		{topic: inAWS, name: "credentials", needs: []string{"connection"}, run: x.credentials},
		{topic: inAWS, name: "root user", needs: []string{"credentials"}, run: x.rootUser},
		{topic: inAWS, name: "root user's keys", needs: []string{"credentials"}, run: x.rootKeys},
		{topic: inAWS, name: "root user's MFA", needs: []string{"credentials"}, run: x.rootMFA},
		{topic: inAWS, name: "permissions", needs: []string{"credentials"}, run: x.permissions},
		{topic: inAWS, name: "roles", needs: []string{"credentials"}, run: x.roles},
		{topic: inAWS, name: "region", needs: []string{"credentials"}, run: x.region},

		{topic: inOrganization, name: "organization", needs: []string{"credentials"}, run: x.describe},
		{topic: inOrganization, name: "management account", needs: []string{"organization"}, run: x.management},
		{topic: inOrganization, name: "features", needs: []string{"organization"}, run: x.features},
		{topic: inOrganization, name: "guardrails", run: x.guardrails},
		{topic: inOrganization, name: "attached policies", needs: []string{"accounts"}, run: x.attachments},
		{topic: inOrganization, name: "groups", run: x.groups},

		{topic: members, name: "accounts", needs: []string{"management account"}, run: x.list},
		{topic: members, name: "state", needs: []string{"stacks", "accounts"}, run: x.elsewhere},
		{topic: members, name: "e-mail addresses", needs: []string{"accounts"}, run: x.addresses},
		{topic: members, name: "access roles", needs: []string{"accounts"}, run: x.entry},
		{topic: members, name: "quota", needs: []string{"accounts"}, run: x.quota},
		{topic: members, name: "creation", needs: []string{"accounts"}, run: x.creation},
		{topic: members, name: "earlier versions", needs: []string{"accounts"}, run: x.earlier},
		{topic: members, name: "names", needs: []string{"accounts", "apex zone", "stacks", "state"}, run: x.names},

		{topic: dns, name: "apex zone", needs: []string{"management account"}, run: x.apexZone},
		{topic: dns, name: "delegation", needs: []string{"apex zone"}, run: x.delegation},
	}
	if x.org.UsesIdentityCenter() {
		i := slices.IndexFunc(checks, func(c *check) bool { return c.topic == members })
		checks = slices.Insert(checks, i, &check{topic: inOrganization, name: "IAM Identity Center", needs: []string{"management account"}, run: x.identityCenter})
	}
	if len(x.org.EmergencyUsers()) > 0 {
		i := slices.IndexFunc(checks, func(c *check) bool { return c.topic == dns })
		checks = slices.Insert(checks, i, &check{topic: members, name: "users for emergencies", needs: []string{"accounts"}, run: x.emergencyUsers})
	}
	checks = slices.Insert(checks, slices.IndexFunc(checks, func(c *check) bool { return c.topic == inOrganization }), x.costChecks()...)
	if x.org.NamesPolicies() {
		i := slices.IndexFunc(checks, func(c *check) bool { return c.name == "quota" })
		checks = slices.Insert(checks, i, &check{topic: members, name: "policies", needs: []string{"access roles"}, run: x.policies})
	}
	if x.inWorkflow() {
		i := slices.IndexFunc(checks, func(c *check) bool { return c.topic == inOrganization })
		checks = slices.Insert(checks, i, x.workflowChecks()...)
	}
	if x.org.Image != nil {
		i := slices.IndexFunc(checks, func(c *check) bool { return c.topic != toolchain })
		checks = slices.Insert(checks, i, x.imageChecks()...)
	}
	return checks
}

// make waits for the checks that the check needs, and runs the check.
func (c *check) make(ctx context.Context, byName map[string]*check, tell func(c *check, done bool)) {
	for _, name := range c.needs {
		<-byName[name].done
	}
	if blocked := c.blocked(byName); blocked != "" {
		c.findings = []Finding{{Topic: c.topic, Check: c.name, Status: Skipped, Found: "not looked at, because there is no answer about " + blocked}}
		return
	}
	tell(c, false)
	defer tell(c, true)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c.findings = c.run(ctx)
	for i := range c.findings {
		f := &c.findings[i]
		f.Topic, f.Check = c.topic, cmp.Or(f.Check, c.name)
		f.Found, f.Remedy = oneLine(f.Found), oneLine(f.Remedy)
	}
}

// blocked returns the name of a needed check that failed. If that check was skipped itself, it
// returns the check that the skipped one needed.
func (c *check) blocked(byName map[string]*check) string {
	for _, name := range c.needs {
		need := byName[name]
		if deeper := need.blocked(byName); deeper != "" {
			return deeper
		}
		if slices.ContainsFunc(need.findings, func(f Finding) bool { return f.Status == Failure }) {
			return name
		}
	}
	return ""
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// What a check returns.

func ok(format string, args ...any) []Finding {
	return []Finding{{Status: OK, Found: fmt.Sprintf(format, args...)}}
}

func warning(remedy, format string, args ...any) []Finding {
	return []Finding{{Status: Warning, Found: fmt.Sprintf(format, args...), Remedy: remedy}}
}

func failure(remedy, format string, args ...any) []Finding {
	return []Finding{{Status: Failure, Found: fmt.Sprintf(format, args...), Remedy: remedy}}
}

func skipped(why string) []Finding {
	return []Finding{{Status: Skipped, Found: why}}
}

// examiner has what checks have found for other checks. "of" in a field's comment names the
// check that sets the field.
type examiner struct {
	org     *organization.Organization
	options Options
	telling sync.Mutex
	// answerIn is how long AWS may take to answer.
	answerIn time.Duration

	cliFile string // of "Pulumi CLI"

	backendURL string // of "login"
	store      *backend.Backend
	service    *service
	stacks     []string // of "stacks"

	cfg       aws.Config // of "credentials"
	accountID string
	arn       string

	organization *orgtypes.Organization // of "organization"; nil if there is none
	accounts     []orgtypes.Account     // of "accounts"
	existing     *accounts.Existing     // the organization as the program sees it; nil if there is none
	noted        map[string]string      // ids of accounts that coldstart has noted, by name
	zones        []zone                 // of "apex zone"
}

func (x *examiner) tell(c *check, done bool) {
	if x.options.OnCheck == nil {
		return
	}
	x.telling.Lock()
	defer x.telling.Unlock()
	x.options.OnCheck(c.topic, c.name, done)
}

func (x *examiner) close() {
	if x.store != nil {
		_ = x.store.Close() // Nothing was written.
	}
}

// env returns an environment variable of the processes that run stacks.
func (x *examiner) env(name string) (value string, set bool) {
	if value, added := x.options.Env[name]; added {
		return value, value != ""
	}
	return os.LookupEnv(name)
}

func (x *examiner) getenv(name string) string {
	return environ.Lookup(x.options.Env, name)
}

// count writes a number with a noun.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
