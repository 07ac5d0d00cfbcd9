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

// timeout is for how long a check may take. A machine that is busy is slow, and not
// broken.
const timeout = 3 * time.Minute

// answerIn is for how long an answer of AWS's is waited for, and asks how often AWS is
// asked before doctor says that none came.
const (
	answerIn = 20 * time.Second
	asks     = 3
)

// Status is what came of a check.
type Status string

// What can come of a check.
const (
	// OK is nothing in the way of a run.
	OK Status = "ok"
	// Warning is something to look at, or that couldn't be found out.
	Warning Status = "warning"
	// Failure is something that a run would fail of.
	Failure Status = "failure"
	// Skipped is a check that wasn't made, because it needs what another found.
	Skipped Status = "skipped"
)

// Topics are what findings are about, in the order in which Examine returns them.
var Topics = []string{toolchain, state, inAWS, inOrganization, members, dns}

const (
	toolchain      = "toolchain"
	state          = "backend"
	inAWS          = "AWS"
	inOrganization = "organization"
	members        = "accounts"
	dns            = "DNS"
)

// Finding is what came of a check.
type Finding struct {
	Topic  string `json:"topic"`
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Found is what is there, or why it isn't known.
	Found string `json:"found"`
	// Remedy is what to do next; empty if that is nothing.
	Remedy string `json:"remedy,omitempty"`
}

// Options say where to look. The zero value looks at the current folder, with
// what the process's environment says.
type Options struct {
	// Dir is the project's folder; empty for the current one.
	Dir string
	// Env is added to the process's environment, as automation.Options.Env is. A
	// variable with an empty value counts as not set.
	Env map[string]string
	// Roots are name servers of the DNS root, host:port, in place of the
	// Internet's. What they refer to is asked at the same port.
	Roots []string
	// OnCheck, if not nil, is told when a check starts, and again when it is
	// done; one call at a time.
	OnCheck func(topic, check string, done bool)
}

// Examine makes every check, those side by side that don't need each other, and
// returns what came of them, always in the same order. Each check makes at least
// one finding.
func Examine(ctx context.Context, org *organization.Organization, o Options) []Finding {
	return examine(ctx, org, o, answerIn)
}

// examine is Examine with the time that AWS has for an answer.
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

// check is one question. What its run finds out for others it notes in the
// examiner, where those that need it may read it.
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

// make waits for what the check needs and makes it.
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

// blocked returns the needed check that came to nothing. One that was skipped
// itself hands on what it waited for.
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

// examiner holds what checks find out for those that need them.
type examiner struct {
	org     *organization.Organization
	options Options
	telling sync.Mutex
	// answerIn is for how long an answer of AWS's is waited for.
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
	existing     *accounts.Existing     // the same, as the program sees it; nil if there is no organization
	noted        map[string]string      // the ids of accounts that coldstart has noted, by name
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

// env returns a variable of the environment in which stacks run.
func (x *examiner) env(name string) (value string, set bool) {
	if value, added := x.options.Env[name]; added {
		return value, value != ""
	}
	return os.LookupEnv(name)
}

func (x *examiner) getenv(name string) string {
	return environ.Lookup(x.options.Env, name)
}

// count writes a number of things.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
