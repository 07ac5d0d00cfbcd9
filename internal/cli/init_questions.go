package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/starter"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// question is one that init asks, or that a flag answers.
type question struct {
	flag string
	// key is the one that problems with the answer have.
	key string
	// text asks, and usage tells the flag.
	text, usage string
	set         func(a *starter.Answers, answer string) error
	// suggest returns the default; nil if there is none.
	suggest func(a starter.Answers) string
	// needless, if not nil, tells whether other answers make it so.
	needless func(a starter.Answers) bool
}

func (q question) applies(a starter.Answers) bool {
	return q.needless == nil || !q.needless(a)
}

// answerNone is the answer that leaves something out.
const answerNone = "none"

// questions in the order in which they are asked; later defaults depend on
// earlier answers.
var questions = []question{
	{
		flag: "namespace", key: "coldstart:namespace",
		text: "Prefix of all names, such as acme", usage: "prefix of all names, such as acme",
		set: func(a *starter.Answers, answer string) error { a.Namespace = answer; return nil },
	},
	{
		flag: "domain", key: "coldstart:domain",
		text: "Domain that you own, such as acme.example", usage: "domain that you own; each account gets <account>.<domain>",
		set: func(a *starter.Answers, answer string) error { a.Domain = answer; return nil },
	},
	{
		flag: "region", key: "coldstart:region",
		text: "Region of all regional resources", usage: "region of all regional resources (default us-west-2)",
		set:     func(a *starter.Answers, answer string) error { a.Region = answer; return nil },
		suggest: func(starter.Answers) string { return "us-west-2" },
	},
	{
		flag: "email", key: "coldstart:email",
		text: "Accounts' e-mail addresses, with %s for the account's name", usage: "pattern of the accounts' e-mail addresses, with one %s for the name (default aws+%s@<domain>)",
		set:     func(a *starter.Answers, answer string) error { a.Email = answer; return nil },
		suggest: func(a starter.Answers) string { return "aws+%s@" + a.Domain },
	},
	{
		flag: "accounts", key: "coldstart:accounts",
		text: "Member accounts", usage: "member accounts, with commas between, or none (default the whole catalogue)",
		set: func(a *starter.Answers, answer string) error { a.Accounts = listOf(answer); return nil },
		suggest: func(starter.Answers) string {
			var names []string
			for _, account := range starter.Catalogue {
				names = append(names, account.Name)
			}
			return strings.Join(names, ",")
		},
	},
	{
		flag: "audit", key: "coldstart:audit",
		text: "Account that all logs end up in, or none", usage: "account that all logs end up in, added to the others, or none (default audit)",
		set:     func(a *starter.Answers, answer string) error { a.Audit = unlessNone(answer); return nil },
		suggest: func(starter.Answers) string { return organization.Defaults().Audit.Account },
	},
	{
		flag: "network", key: "coldstart:network",
		text: "Address space of the organization, or none", usage: "address space, of which each account gets a part, or none (default 10.0.0.0/8)",
		set: setNetwork,
		suggest: func(starter.Answers) string {
			return organization.Defaults().Network.CIDR.String()
		},
	},
	{
		flag: "account-prefix", key: "coldstart:network.accountPrefix",
		text: "Length of an account's part of it", usage: "length of an account's network (default 16, or longer so that all fit)",
		set:      setAccountPrefix,
		suggest:  func(a starter.Answers) string { return strconv.Itoa(a.RoomyPrefix()) },
		needless: func(a starter.Answers) bool { return !a.Network.CIDR.IsValid() },
	},
}

func setNetwork(a *starter.Answers, answer string) error {
	if answer == answerNone {
		a.Network.CIDR = netip.Prefix{}
		return nil
	}
	cidr, err := netip.ParsePrefix(answer)
	if err != nil {
		return fmt.Errorf("%q is not a network; write an IPv4 network in CIDR notation, such as 10.0.0.0/8, or none", answer)
	}
	a.Network.CIDR = cidr
	return nil
}

func setAccountPrefix(a *starter.Answers, answer string) error {
	length, err := strconv.Atoi(strings.TrimPrefix(answer, "/"))
	if err != nil || length < 1 {
		return fmt.Errorf("%q is not a network's length; write a whole number, such as 16", answer)
	}
	a.Network.AccountPrefix = length
	return nil
}

func listOf(answer string) []string {
	return strings.FieldsFunc(unlessNone(answer), func(r rune) bool { return r == ',' || r == ' ' })
}

func unlessNone(answer string) string {
	if answer == answerNone {
		return ""
	}
	return answer
}

// interview collects answers.
type interview struct {
	answers  starter.Answers
	answered map[string]bool
}

// open returns the questions that have no answer yet.
func (i *interview) open() []question {
	return slices.DeleteFunc(slices.Clone(questions), func(q question) bool { return i.answered[q.flag] })
}

// problems returns what is wrong with the answers, less what is about questions
// that have none yet.
func (i *interview) problems(answers starter.Answers) error {
	unanswered := map[string]bool{}
	for _, q := range i.open() {
		unanswered[q.key] = true
	}
	return slices.DeleteFunc(answers.Problems(), func(p organization.Problem) bool {
		for key := range unanswered {
			if p.Key == key || strings.HasPrefix(p.Key, key+".") {
				return true
			}
		}
		return false
	}).Err()
}

// take takes an answer unless something is wrong with it.
func (i *interview) take(q question, answer string) error {
	answers := i.answers
	if err := q.set(&answers, answer); err != nil {
		return err
	}
	i.answered[q.flag] = true
	if err := i.problems(answers); err != nil {
		i.answered[q.flag] = false
		return err
	}
	i.answers = answers
	return nil
}

func (i *interview) takeDefault(q question) error {
	answer := q.suggest(i.answers)
	if err := i.take(q, answer); err != nil {
		return usageError{fmt.Errorf("the default of --%s, %s, doesn't do here, write another:\n%w", q.flag, answer, err)}
	}
	return nil
}

// errStopped is returned if a person doesn't answer.
var errStopped = errors.New("stopped; nothing was written")

// ask asks until there is an answer that nothing is wrong with.
func (i *interview) ask(ctx context.Context, out io.Writer, in *bufio.Reader, q question) error {
	for {
		suggestion := ""
		fmt.Fprint(out, q.text)
		if q.suggest != nil {
			suggestion = q.suggest(i.answers)
			fmt.Fprintf(out, " [%s]", suggestion)
		}
		fmt.Fprint(out, ": ")
		answer, err := terminal.ReadLine(ctx, in)
		if err != nil {
			fmt.Fprintln(out) // The question stands there yet.
			return errStopped
		}
		if answer == "" {
			answer = suggestion
		}
		if err = i.take(q, answer); err == nil {
			return nil
		}
		fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
}
