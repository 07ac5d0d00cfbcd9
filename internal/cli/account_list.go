package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// AccountListOptions are those of `coldstart account list`.
type AccountListOptions struct {
	declaration
	jsonOption
}

func newAccountList(streams terminal.Streams, run func(context.Context, *AccountListOptions) error) *cobra.Command {
	o := &AccountListOptions{declaration: declaration{streams: streams}}
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
	o.jsonFlag(cmd, "a JSON list of {account, unit, email, network, zone, id, protect, closeOnDelete, keepOnDelete, accessRole, guardrails, tags}")
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
	return o.output(o.streams.Out, rows, func(w io.Writer) error { return writeAccounts(w, rows) })
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
	table := terminal.NewTable(w, "ACCOUNT", "UNIT", "E-MAIL", "NETWORK", "ZONE", "FLAGS")
	for _, r := range rows {
		table.Row(r.Account, orDash(r.Unit), r.Email, orDash(r.Network), r.Zone, orDash(r.flags()))
	}
	return table.Flush()
}
