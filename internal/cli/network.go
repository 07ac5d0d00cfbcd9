package cli

import (
	"context"
	"fmt"
	"math/big"
	"net/netip"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// NetworkOptions are those of `coldstart network`.
type NetworkOptions struct {
	declaration
	json bool
}

func newNetwork(io IO, run func(context.Context, *NetworkOptions) error) *cobra.Command {
	o := &NetworkOptions{declaration: declaration{io: io}}
	cmd := &cobra.Command{
		Use:   "network",
		Short: "Print the network plan: each account's network, and the next that is free",
		Long: `Network prints the network plan of Pulumi.master.yaml: the organization's address
space, each account's part of it, and the first part of coldstart:network's
accountPrefix that no account has. Nothing is asked of AWS.`,
		Example: "  coldstart network\n  coldstart network --json | jq -r .next",
		Args:    cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON object: cidr, accounts (name to network), next")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if run == nil {
			run = networkRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func networkRun(_ context.Context, o *NetworkOptions) error {
	org, err := o.load()
	if err != nil {
		return err
	}
	plan := org.NetworkPlan()
	if o.json {
		return writeJSON(o.io.Out, plan)
	}
	table := tabwriter.NewWriter(o.io.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ACCOUNT\tNETWORK\tADDRESSES")
	fmt.Fprintf(table, "(all)\t%s\t%s\n", org.Network.CIDR, addresses(org.Network.CIDR))
	for _, name := range org.AccountNames() {
		network := org.Accounts[name].Network
		if !network.IsValid() {
			fmt.Fprintf(table, "%s\tnone\t\n", name)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", name, network, addresses(network))
	}
	next := plan.Next
	if next == "" {
		next = "no room"
	}
	fmt.Fprintf(table, "(next free)\t%s\t\n", next)
	return table.Flush()
}

// addresses returns how many addresses a network has.
func addresses(network netip.Prefix) *big.Int {
	return new(big.Int).Lsh(big.NewInt(1), uint(network.Addr().BitLen()-network.Bits()))
}
