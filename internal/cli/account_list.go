package cli

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/fields"
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
	o.jsonFlag(cmd, "a JSON list of {"+strings.Join(rowKeys(), ", ")+"}")
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

// accountRow is a declared account as it is printed: what has a column, with defaults filled
// in, and then what else is declared, as it is.
type accountRow struct {
	Account string `json:"account"`
	Unit    string `json:"unit,omitempty"`
	Email   string `json:"email"`
	Network string `json:"network,omitempty"`
	Zone    string `json:"zone"`
	Declared
}

// Declared is the account in the file. Its keys that have a column are hidden by them.
type Declared = organization.Account

func rowOf(org *organization.Organization, name string) accountRow {
	a := org.Accounts[name]
	row := accountRow{Account: name, Unit: a.Unit, Email: org.AccountEmail(name), Zone: org.ZoneName(name), Declared: a}
	if a.Network.IsValid() {
		row.Network = a.Network.String()
	}
	return row
}

// columns are the keys of JSON that the table has columns for.
func columns() []string { return []string{"account", "unit", "email", "network", "zone"} }

// others are the declared keys that the table has no column for.
func (r *accountRow) others() []fields.Field {
	return slices.DeleteFunc(fields.Of(&r.Declared), func(f fields.Field) bool { return slices.Contains(columns(), f.Key) })
}

// rowKeys are the keys of a row in JSON.
func rowKeys() []string {
	keys := columns()
	for _, f := range (&accountRow{}).others() {
		keys = append(keys, f.Key)
	}
	return keys
}

// flags returns what is set on the account itself.
func (r accountRow) flags() string {
	var flags []string
	for _, f := range r.others() {
		if f.Empty() {
			continue
		}
		switch value := f.Value.(type) {
		case *bool:
			flags = append(flags, f.Key)
		case *string:
			flags = append(flags, f.Key+" "+*value)
		case *[]string:
			flags = append(flags, f.Key+" "+strings.Join(*value, " "))
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
