package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/coldstart-aws/coldstart/internal/progress"
	"github.com/coldstart-aws/coldstart/internal/terminal"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
)

// VerifyOptions are those of `coldstart verify`.
type VerifyOptions struct {
	declaration
	jsonOption
	accounts  []string
	all       bool
	noDNS     bool
	dnsServer string
}

func newVerify(streams terminal.Streams, run func(context.Context, *VerifyOptions) error) *cobra.Command {
	o := &VerifyOptions{declaration: declaration{streams: streams}}
	cmd := &cobra.Command{
		Use:   "verify [account…]",
		Short: "Prove that the real organization is what is declared, DNS included",
		Long: `Verify reads from AWS what all accounts, or the named accounts, have, and proves that it
is what Pulumi.master.yaml declares. It doesn't read Pulumi's state, and changes nothing.
It needs the management account's credentials, and enters members by their access roles.

Verify also asks DNS, from the root servers down to each account's name servers, without
a cache and without recursion. So port 53 has to be open to the Internet. If it isn't, or
if the domain has other records inside your network, --dns-server names the server to
start from: one that knows the zone above the domain, or refers to a server that does.
With a port, verify asks every server at that port.

The table says how many claims hold, by account and topic. Below it are the claims that
don't hold, with what to do, and what wasn't proved. Some claims don't hold until the
registrar has the apex zone's name servers, and until the first logs arrive (15 minutes).

The exit code is 0 if every claim that could be decided holds, and 1 if not.`,
		Example: `  coldstart verify
  coldstart verify prod --all
  coldstart verify --dns-server 10.0.0.2
  coldstart verify --json | jq '.proofs[] | select(.holds | not)'`,
	}
	o.flags(cmd)
	o.jsonFlag(cmd, "a JSON object: ok, proofs (a list of {account, subject, claim, holds, detail, remedy}), omitted (a list of texts)")
	cmd.Flags().BoolVar(&o.all, "all", false, "list the claims that hold as well")
	cmd.Flags().BoolVar(&o.noDNS, "no-dns", false, "don't ask DNS; what isn't proved is named")
	cmd.Flags().StringVar(&o.dnsServer, "dns-server", "", "`HOST[:PORT]` of the DNS server to start from instead of the root servers")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.accounts = args
		if run == nil {
			run = verifyRun
		}
		return run(cmd.Context(), o)
	}
	return cmd
}

func verifyRun(ctx context.Context, o *VerifyOptions) error {
	org, options, err := o.prepare(ctx)
	if err != nil {
		return err
	}
	if err := signedIn(ctx, org); err != nil {
		return err
	}
	stop := o.follow(org, &options)
	defer stop()
	if err := proof.CheckCredentials(ctx, org, options); err != nil {
		return err
	}
	proofs, err := proof.Prove(ctx, org, options)
	if err != nil {
		return fmt.Errorf("nothing was proved: %w", err)
	}
	stop()
	return o.report(proofs)
}

// prepare reads the declaration and makes options of the command line's.
func (o *VerifyOptions) prepare(ctx context.Context) (*organization.Organization, proof.Options, error) {
	options := proof.Options{Accounts: o.accounts, NoDNS: o.noDNS}
	if o.noDNS && o.dnsServer != "" {
		return nil, options, usageError{errors.New("--no-dns and --dns-server: write one of them")}
	}
	host, port, err := splitServer(o.dnsServer)
	if err != nil {
		return nil, options, err
	}
	org, err := o.load()
	if err != nil {
		return nil, options, err
	}
	known := append([]string{organization.Master}, org.AccountNames()...)
	for _, name := range o.accounts {
		if !slices.Contains(known, name) {
			return nil, options, usageError{fmt.Errorf("no account %q: the accounts are %s", name, strings.Join(known, ", "))}
		}
	}
	if host != "" {
		options.DNSPort = port
		if options.DNSServers, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
			return nil, options, fmt.Errorf("--dns-server: %w", err)
		}
	}
	return org, options, nil
}

// splitServer splits HOST[:PORT]; the port is 0 if there is none. An IPv6 address
// with a port stands in brackets.
func splitServer(server string) (host string, port uint16, err error) {
	if server == "" {
		return "", 0, nil
	}
	if _, err := netip.ParseAddr(strings.Trim(server, "[]")); err == nil {
		return strings.Trim(server, "[]"), 0, nil
	}
	host = server
	if strings.Contains(server, ":") {
		var text string
		if host, text, err = net.SplitHostPort(server); err != nil {
			return "", 0, usageError{fmt.Errorf("--dns-server %s: write HOST or HOST:PORT, such as 192.0.2.1:53 or [2001:db8::1]:53", server)}
		}
		number, err := strconv.ParseUint(text, 10, 16)
		if err != nil || number == 0 {
			return "", 0, usageError{fmt.Errorf("--dns-server %s: the port %q is no number from 1 to 65535", server, text)}
		}
		port = uint16(number)
	}
	if host == "" {
		return "", 0, usageError{fmt.Errorf("--dns-server %s: write a host before the port", server)}
	}
	return host, port, nil
}

// follow writes how far the proofs are if they take a while, and returns what
// ends that.
func (o *VerifyOptions) follow(org *organization.Organization, options *proof.Options) (stop func()) {
	var mu sync.Mutex
	all, done, late := len(options.Accounts), 0, false
	if all == 0 {
		all = len(org.Accounts) + 1
	}
	shown := progress.Lines(o.streams.Err) // Lines, without a board of stacks
	timer := time.AfterFunc(progress.Patience, func() {
		mu.Lock()
		defer mu.Unlock()
		late = true
		shown.Say(fmt.Sprintf("%d of %d accounts are proved", done, all))
	})
	options.OnProved = func(account string) {
		mu.Lock()
		defer mu.Unlock()
		if done++; late {
			shown.Say(fmt.Sprintf("%d of %d accounts are proved, %s the last", done, all, account))
		}
	}
	return func() { timer.Stop() }
}

// verification is what `coldstart verify --json` prints.
type verification struct {
	OK bool `json:"ok"`
	proof.Proofs
}

// report writes what was found, and fails if something doesn't hold.
func (o *VerifyOptions) report(proofs proof.Proofs) error {
	failed := slices.DeleteFunc(slices.Clone(proofs.Proofs), func(p proof.Proof) bool { return p.Holds })
	err := o.output(o.streams.Out, verification{len(failed) == 0, proofs}, func(w io.Writer) error {
		o.write(w, proofs, failed)
		return nil
	})
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		return errReported
	}
	return nil
}

func (o *VerifyOptions) write(w io.Writer, proofs proof.Proofs, failed []proof.Proof) {
	writeProofs(w, proofs.Proofs)
	if o.all {
		fmt.Fprintln(w)
		writeClaims(w, proofs.Proofs)
	}
	fmt.Fprintln(w)
	for _, omitted := range proofs.Omitted {
		fmt.Fprintf(w, "not proved: %s\n", omitted)
	}
	if len(failed) == 0 {
		fmt.Fprintf(w, "The organization is what is declared: all %d proofs hold.\n", len(proofs.Proofs))
		return
	}
	fmt.Fprintf(w, "The organization ISN'T what is declared: %d of %d proofs don't hold:\n", len(failed), len(proofs.Proofs))
	for _, p := range failed {
		fmt.Fprintf(w, "- %s\n", strings.ReplaceAll(p.Problem(), "\n", "\n  "))
	}
	fmt.Fprintln(w, "Where nothing else is said: `coldstart refresh`, then `coldstart preview` shows what `coldstart up` would put right.")
}

// writeClaims writes a line for each claim.
func writeClaims(w io.Writer, proofs []proof.Proof) {
	table := terminal.NewTable(w, "IN", "SUBJECT", "HOLDS", "CLAIM")
	for _, p := range proofs {
		holds := "yes"
		if !p.Holds {
			holds = "NO"
		}
		table.Row(p.Account, p.Subject, holds, p.Claim)
	}
	_ = table.Flush() // The writer beneath is asked for nothing else.
}
