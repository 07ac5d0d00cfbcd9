package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/organization"
)

func newAccount(io IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "account",
		Short: "Add member accounts to the declaration, and list them",
		Long: `Account adds member accounts to Pulumi.master.yaml, and lists those that are
declared there. Nothing is asked of AWS, and nothing is changed there: coldstart up
creates what the file declares.`,
		Example: "  coldstart account list\n  coldstart account add payments --unit workloads",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAccountAdd(io, nil), newAccountList(io, nil))
	for _, sub := range cmd.Commands() {
		sub.Args = usageArgs(sub.Args)
	}
	return cmd
}

// AccountListOptions are those of `coldstart account list`.
type AccountListOptions struct {
	declaration
	json bool
}

func newAccountList(io IO, run func(context.Context, *AccountListOptions) error) *cobra.Command {
	o := &AccountListOptions{declaration: declaration{io: io}}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the declared member accounts",
		Long: `List prints the member accounts that Pulumi.master.yaml declares: unit, e-mail
address, network, zone, and what is set on the account itself. The management
account isn't declared, so it isn't here. Nothing is asked of AWS.`,
		Example: "  coldstart account list\n  coldstart account list --json | jq -r '.[].email'",
		Args:    cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON list of {account, unit, email, network, zone, id, protect, closeOnDelete, keepOnDelete, accessRole, guardrails, tags}")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = accountListRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func accountListRun(_ context.Context, o *AccountListOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	rows := []accountRow{}
	for _, name := range org.AccountNames() {
		rows = append(rows, rowOf(org, name))
	}
	if o.json {
		return writeJSON(o.io.Out, rows)
	}
	return writeAccounts(o.io.Out, rows)
}

// accountRow is a declared account as it is printed.
type accountRow struct {
	Account       string            `json:"account"`
	Unit          string            `json:"unit,omitempty"`
	Email         string            `json:"email"`
	Network       string            `json:"network,omitempty"`
	Zone          string            `json:"zone"`
	ID            string            `json:"id,omitempty"`
	Protect       bool              `json:"protect,omitempty"`
	CloseOnDelete bool              `json:"closeOnDelete,omitempty"`
	KeepOnDelete  bool              `json:"keepOnDelete,omitempty"`
	AccessRole    string            `json:"accessRole,omitempty"`
	Guardrails    []string          `json:"guardrails,omitempty"`
	Tags          map[string]string `json:"tags,omitempty"`
}

func rowOf(org *organization.Organization, name string) accountRow {
	a := org.Accounts[name]
	row := accountRow{
		Account: name, Unit: a.Unit, Email: org.AccountEmail(name), Zone: org.ZoneName(name), ID: a.ID,
		Protect: a.Protect, CloseOnDelete: a.CloseOnDelete, KeepOnDelete: a.KeepOnDelete, AccessRole: a.AccessRole, Guardrails: a.Guardrails, Tags: a.Tags,
	}
	if a.Network.IsValid() {
		row.Network = a.Network.String()
	}
	return row
}

// flags returns what is set on the account itself.
func (r accountRow) flags() string {
	var flags []string
	for _, f := range []struct {
		set  bool
		flag string
	}{
		{r.ID != "", "id " + r.ID},
		{r.Protect, "protect"},
		{r.CloseOnDelete, "closeOnDelete"},
		{r.KeepOnDelete, "keepOnDelete"},
		{r.AccessRole != "", "accessRole " + r.AccessRole},
		{len(r.Guardrails) > 0, "guardrails " + strings.Join(r.Guardrails, " ")},
	} {
		if f.set {
			flags = append(flags, f.flag)
		}
	}
	return strings.Join(flags, ", ")
}

func writeAccounts(w io.Writer, rows []accountRow) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ACCOUNT\tUNIT\tE-MAIL\tNETWORK\tZONE\tFLAGS")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Account, orDash(r.Unit), r.Email, orDash(r.Network), r.Zone, orDash(r.flags()))
	}
	return table.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// tagsOf reads tags from the command line.
func tagsOf(pairs []string) (map[string]string, error) {
	tags := map[string]string{}
	var errs []error
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		_, twice := tags[key]
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("--tag %s: write a name and a value, such as --tag Team=core", pair))
		case twice:
			errs = append(errs, fmt.Errorf("--tag %s: %q has a value already", pair, key))
		}
		tags[key] = value
	}
	return tags, errors.Join(errs...)
}
