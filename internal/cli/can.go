package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/blueprint"
	"github.com/coldstart-aws/coldstart/internal/live"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
)

// CanOptions are those of `coldstart can`.
type CanOptions struct {
	declaration
	jsonOption
	question permissions.Question
	mfa      string
	with     []string
	guarded  bool
	live     bool
}

// noMFA is the value of --mfa for a person who has signed in without.
const noMFA = "none"

func newCan(streams terminal.Streams, run func(context.Context, *CanOptions) error) *cobra.Command {
	o := &CanOptions{declaration: declaration{streams: streams}}
	cmd := &cobra.Command{
		Use:   "can WHO ACTION --in ACCOUNT",
		Short: "Say whether somebody may do something in an account, and why",
		Long: `Can says what AWS would answer, before anything exists: yes, no or can't tell, with
the statements that decide. It is computed from Pulumi.master.yaml alone, by all IAM
documents that the organization gets from it. Only with --live is AWS asked, for the
documents that it has.

WHO is a user, a role, a service, and more: see "coldstart help who".

Without --resource the answer is for a resource of the account that no policy names,
such as an object in a bucket of somebody's own. AWS hasn't chosen the ids of accounts
yet: {prod} stands for the id of the account prod.

A person is taken to have shown a second factor just now; --mfa says otherwise. What
isn't known is never taken for allowed: the answer is "can't tell", with the condition
keys that --with can give. Whether IAM Identity Center asks for a second factor, no API
tells: --with identitycenter:PromptsForMFA=true says that it does.

With --guarded in place of ACTION it lists what guardrails keep from WHO in the account,
of all that WHO's own policies allow.

Exit codes: 0 yes, 1 no, or can't tell.`,
		Example: `  coldstart can ada s3:DeleteObject --in prod
  coldstart can ada s3:DeleteObject --in prod --mfa none
  coldstart can admin s3:PutObject --in prod --resource 'arn:aws:s3:::acme-audit-trails-{audit}/x'
  coldstart can group/administrators iam:CreateRole --in prod
  coldstart can workflow iam:CreateRole --in prod
  coldstart can cloudtrail.amazonaws.com s3:PutObject --in audit \
    --resource 'arn:aws:s3:::acme-audit-trails-{audit}/AWSLogs/x' \
    --with 'aws:SourceArn=arn:aws:cloudtrail:us-west-2:{master}:trail/acme-master-trail'
  coldstart can anybody organizations:LeaveOrganization --in prod
  coldstart can admin --in prod --guarded
  coldstart can ada s3:DeleteObject --in prod --live`,
		Args: cobra.RangeArgs(1, 2),
	}
	o.flags(cmd)
	o.jsonFlag(cmd, "a JSON object of {who, action, account, resources, outcome, ways}; a list of them for anybody; with --guarded a list of {action, as, by}")
	cmd.Flags().StringVar(&o.question.Account, "in", "", "`account` in which it is done (required)")
	cmd.Flags().StringVar(&o.question.Resource, "resource", "", "`ARN` of the resource (default: one that no policy names)")
	cmd.Flags().StringVar(&o.question.Region, "region", "", "`region` of the call (default: the organization's)")
	cmd.Flags().StringVar(&o.mfa, "mfa", "0s", "how long ago a person has shown a second factor, such as 30m; none for a person who hasn't")
	cmd.Flags().StringArrayVar(&o.with, "with", nil, "a condition key of the call, as `key=value`; may be given several times, and a key without a value isn't in the call")
	cmd.Flags().BoolVar(&o.guarded, "guarded", false, "list what guardrails keep from WHO")
	cmd.Flags().BoolVar(&o.live, "live", false, "ask the policies that AWS has, with the management account's credentials, in place of those that are declared")
	_ = cmd.RegisterFlagCompletionFunc("in", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return o.completions(stackNames)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.read(args); err != nil {
			return err
		}
		if run == nil {
			run = canRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func stackNames(org *organization.Organization) (names []cobra.Completion) {
	for _, s := range org.Stacks() {
		names = append(names, s.Name)
	}
	return names
}

// read checks the command line.
func (o *CanOptions) read(args []string) error {
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, usageError{fmt.Errorf(format, values...)}) }
	o.question.Who = args[0]
	switch {
	case o.guarded && len(args) == 2:
		wrong("--guarded lists all actions: write WHO alone")
	case !o.guarded && len(args) == 1:
		wrong("write the action after %s, such as s3:GetObject; or --guarded", args[0])
	case len(args) == 2:
		o.question.Action = args[1]
	}
	if o.question.Account == "" {
		wrong("write the account: --in ACCOUNT")
	}
	if o.guarded && o.question.Who == organization.Anybody {
		wrong("--guarded is about one of the organization's users or roles")
	}
	o.question.MFA = organization.NoMFA
	if o.mfa != noMFA {
		age, err := time.ParseDuration(o.mfa)
		if err != nil || age < 0 {
			wrong("--mfa %s: write how long ago, such as 30m or 12h; or none", o.mfa)
		}
		o.question.MFA = age
	}
	o.question.Keys = map[string][]string{}
	for _, pair := range o.with {
		key, value, given := strings.Cut(pair, "=")
		if !given || !strings.Contains(key, ":") {
			wrong("--with %s: write <key>=<value>, such as aws:SourceIp=203.0.113.7", pair)
			continue
		}
		if o.question.Keys[key] = append(o.question.Keys[key], value); value == "" {
			o.question.Keys[key] = nil
		}
	}
	return errors.Join(errs...)
}

func canRun(ctx context.Context, o *CanOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	all, err := o.documents(ctx, org)
	if err != nil {
		return err
	}
	switch {
	case o.guarded:
		found, err := all.Guarded(o.question)
		if err != nil {
			return err
		}
		return o.output(o.streams.Out, orEmpty(found), func(w io.Writer) error { return writeGuarded(w, o.question, found) })
	case o.question.Who == organization.Anybody:
		answers, err := all.AskAll(o.question)
		if err != nil {
			return err
		}
		return o.output(o.streams.Out, orEmpty(answers), func(w io.Writer) error { return writeAnswers(w, answers) })
	}
	answer, err := all.Ask(o.question)
	if err != nil {
		return err
	}
	if err := o.output(o.streams.Out, answer, func(w io.Writer) error { return writeAnswer(w, answer) }); err != nil {
		return err
	}
	if answer.Outcome != authorization.Allowed {
		return errReported
	}
	return nil
}

// documents are those that the declaration amounts to, or with --live those that AWS has.
func (o *CanOptions) documents(ctx context.Context, org *organization.Organization) (*permissions.Documents, error) {
	if !o.live {
		return blueprint.Documents(ctx, org)
	}
	if err := proof.CheckCredentials(ctx, org, proof.Options{}); err != nil {
		return nil, err
	}
	accounts, err := live.Accounts(ctx, org, nil)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(o.streams.Err, "reading the policies of %s from AWS\n", countOf(len(accounts), "account"))
	found, err := live.Read(ctx, org, accounts)
	if err != nil {
		return nil, err
	}
	return permissions.Read(org, found)
}

// orEmpty returns a list that JSON shows as [] if it is empty.
func orEmpty[T any](list []T) []T { return slices.Concat([]T{}, list) }

// words are how an answer begins.
var words = map[authorization.Outcome]string{
	authorization.Allowed: "yes", authorization.CantTell: "can't tell",
	authorization.DeniedExplicitly: "no", authorization.DeniedImplicitly: "no",
}

// writeAnswer writes an answer, and why.
func writeAnswer(w io.Writer, a *permissions.Answer) error {
	fmt.Fprintf(w, "%s: %s, %s in %s\n", words[a.Outcome], a.Who, a.Action, a.Account)
	for _, arn := range a.Resources {
		fmt.Fprintf(w, "  on %s\n", arn)
	}
	if len(a.Ways) == 0 {
		fmt.Fprintf(w, "  no role of %s lets %s in\n", a.Account, a.Who)
	}
	for _, way := range a.Ways {
		fmt.Fprintf(w, "  as %s: %s\n", way.As, words[way.Outcome()])
		if way.Enter != nil {
			fmt.Fprintf(w, "    %s: %s\n", cmp.Or(way.Through, "to assume it"), way.Enter)
		}
		if way.Decision != nil {
			fmt.Fprintf(w, "    %s: %s\n", a.Action, way.Decision)
		}
	}
	return nil
}

// writeAnswers writes a line for everybody.
func writeAnswers(w io.Writer, answers []permissions.Answer) error {
	table := terminal.NewTable(w, "WHO", "CAN", "BECAUSE")
	for _, a := range answers {
		because := a.Why()
		if because == "" {
			because = "nothing lets them in"
		}
		table.Row(a.Who, words[a.Outcome], because)
	}
	return table.Flush()
}

// writeGuarded writes what guardrails keep from somebody, by the statements that do.
func writeGuarded(w io.Writer, q permissions.Question, all []permissions.Guarded) error {
	byStatement := map[string][]string{}
	var statements []string
	for _, g := range all {
		for _, s := range g.By {
			title := fmt.Sprintf("%s, as %s", s, g.As)
			if byStatement[title] == nil {
				statements = append(statements, title)
			}
			byStatement[title] = append(byStatement[title], g.Action)
		}
	}
	if _, err := fmt.Fprintf(w, "guardrails keep %s from %s in %s\n", countOf(len(all), "action"), q.Who, q.Account); err != nil {
		return err
	}
	for _, title := range statements {
		fmt.Fprintf(w, "\n%s\n", title)
		for _, action := range byStatement[title] {
			fmt.Fprintf(w, "  %s\n", action)
		}
	}
	return nil
}
