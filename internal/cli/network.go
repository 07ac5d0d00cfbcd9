package cli

import (
	"cmp"
	"context"
	"io"
	"math/big"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
)

// NetworkOptions are those of `coldstart network`.
type NetworkOptions struct {
	declaration
	jsonOption
}

func newNetwork(streams terminal.Streams, run func(context.Context, *NetworkOptions) error) *cobra.Command {
	o := &NetworkOptions{declaration: declaration{streams: streams}}
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
	o.jsonFlag(cmd, "a JSON object: cidr, accounts (name to network), next")
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
	return o.output(o.streams.Out, plan, func(w io.Writer) error { return writeNetworks(w, org, plan.Next) })
}

func writeNetworks(w io.Writer, org *organization.Organization, next string) error {
	table := terminal.NewTable(w, "ACCOUNT", "NETWORK", "ADDRESSES")
	table.Row("(all)", org.Network.CIDR, addresses(org.Network.CIDR))
	for _, name := range org.AccountNames() {
		network := org.Accounts[name].Network
		if !network.IsValid() {
			table.Row(name, "none", "")
			continue
		}
		table.Row(name, network, addresses(network))
	}
	table.Row("(next free)", cmp.Or(next, "no room"), "")
	return table.Flush()
}

// addresses returns how many addresses a network has.
func addresses(network netip.Prefix) *big.Int {
	return new(big.Int).Lsh(big.NewInt(1), uint(network.Addr().BitLen()-network.Bits()))
}
