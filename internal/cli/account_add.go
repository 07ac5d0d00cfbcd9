package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/fields"
	"github.com/coldstart-aws/coldstart/internal/replace"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// AccountAddOptions are those of `coldstart account add`.
type AccountAddOptions struct {
	declaration
	jsonOption
	name    string
	account organization.Account
	// network is a network, auto, none, or empty for what the others have.
	network string
	tags    []string
	dryRun  bool
}

func newAccountAdd(streams terminal.Streams, run func(context.Context, *AccountAddOptions) error) *cobra.Command {
	o := &AccountAddOptions{declaration: declaration{streams: streams}}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a member account to the declaration",
		Long: `Add writes a member account into Pulumi.master.yaml. The comments, the formatting and
the order of the file stay. Add checks the whole declaration first, and writes nothing
if the declaration would have a problem.

If other accounts have networks, Add writes the next free network into the file too.
The account then keeps its network, whatever happens to the other accounts.

Nothing is changed in AWS before the next coldstart up. From then on the account is
there for good: it can't be deleted, only closed, and no other account can ever
have its e-mail address.`,
		Example: "  coldstart account add payments --unit workloads --protect\n" +
			"  coldstart account add lab --unit sandbox --network none --tag Team=core\n" +
			"  coldstart account add legacy --id 123456789012 --email root@acme.example   # adopt one that exists\n" +
			"  coldstart account add payments --dry-run                                  # see the change first",
		Args: cobra.ExactArgs(1),
		// The name is a new one.
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.flags(cmd)
	flags := cmd.Flags()
	accountFlags(cmd, &o.account)
	flags.StringVar(&o.network, "network", "", "a network such as 10.103.0.0/16, auto for the next free one, or none (default: auto if other accounts have networks)")
	flags.StringArrayVar(&o.tags, "tag", nil, "a tag, name=value; may be repeated")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print what would be changed in the file, and write nothing")
	o.jsonFlag(cmd, "a JSON object: that of account list, file, written, and with --dry-run the diff")
	// These fail for flags that aren't there only.
	_ = cmd.RegisterFlagCompletionFunc("unit", o.completeUnits)
	_ = cmd.RegisterFlagCompletionFunc("network", cobra.FixedCompletions([]string{"auto", answerNone}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.name = args[0]
		if run == nil {
			run = accountAddRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

// accountFlags defines the flags for the keys of an account that have the help of one.
func accountFlags(cmd *cobra.Command, account *organization.Account) {
	for _, f := range fields.Of(account) {
		if f.Help == "" {
			continue
		}
		switch to := f.Value.(type) {
		case *string:
			cmd.Flags().StringVar(to, flagOf(f.Key), "", f.Help)
		case *bool:
			cmd.Flags().BoolVar(to, flagOf(f.Key), false, f.Help)
		}
	}
}

// capital is where another word begins in a key.
var capital = regexp.MustCompile(`[A-Z]`)

// flagOf returns the name of a key's flag: cost-center for costCenter.
func flagOf(key string) string { return strings.ToLower(capital.ReplaceAllString(key, "-$0")) }

// addition is what `coldstart account add` did, or would do.
type addition struct {
	accountRow
	File    string `json:"file"`
	Written bool   `json:"written"`
	Diff    string `json:"diff,omitempty"`
}

func accountAddRun(_ context.Context, o *AccountAddOptions) error {
	var err error
	if o.account.Tags, err = tagsOf(o.tags); err != nil {
		return usageError{err}
	}
	file := filepath.Join(o.dir, organization.File)
	before, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%w; run in the folder of %s, or start one: coldstart init", err, organization.File)
	}
	after, org, err := o.add(before)
	if err != nil {
		return err
	}
	added := addition{accountRow: rowOf(org, o.name), File: file, Written: !o.dryRun}
	if o.dryRun {
		added.Diff = string(diff.Diff("a/"+organization.File, before, "b/"+organization.File, after))
	} else if err := replace.File(file, after); err != nil {
		return fmt.Errorf("%s wasn't changed: %w", file, err)
	}
	return o.output(o.streams.Out, added, func(w io.Writer) error { return o.write(w, added) })
}

// add returns the declaration with the account, as text and read.
func (o *AccountAddOptions) add(before []byte) ([]byte, *organization.Organization, error) {
	var allocate bool
	switch o.network {
	case "", "auto":
		allocate = true
	case answerNone:
	default:
		network, err := netip.ParsePrefix(o.network)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("--network %s: write an IPv4 network in CIDR notation, such as 10.100.0.0/16, auto or none", o.network)}
		}
		o.account.Network = network
	}
	after, org, err := o.insert(before)
	if err != nil || !allocate || o.network == "" && len(org.NetworkPlan().Accounts) == 0 {
		return after, org, err
	}
	network, ok := org.NextNetwork()
	if !ok {
		return nil, nil, fmt.Errorf("nothing was written: there is no room in the organization's %s for another /%d; "+
			"give the account a smaller one with --network, or none with --network none; `coldstart network` shows who has what",
			org.Network.CIDR, org.Network.AccountPrefix)
	}
	o.account.Network = network
	return o.insert(before)
}

func (o *AccountAddOptions) insert(before []byte) ([]byte, *organization.Organization, error) {
	after, err := organization.AddAccount(organization.File, before, o.name, o.account)
	if err != nil {
		return nil, nil, fmt.Errorf("nothing was written:\n%w", err)
	}
	org, err := organization.Parse(organization.File, after)
	return after, org, err
}

// write says what was, or would be, written, and what to do next.
func (o *AccountAddOptions) write(w io.Writer, added addition) error {
	if o.dryRun {
		fmt.Fprint(w, added.Diff)
		fmt.Fprintln(o.streams.Err, "Nothing was written.")
		return nil
	}
	fmt.Fprintf(w, "Added to %s:\n\n", added.File)
	if err := writeAccounts(w, []accountRow{added.accountRow}); err != nil {
		return err
	}
	at := inDir(o.dir)
	fmt.Fprintf(w, `
Accounts can't be deleted, and %s can't be used for another one, ever.

See what it will do, then do it:
  coldstart preview%s
  coldstart up%s
`, added.Email, at, at)
	return nil
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
