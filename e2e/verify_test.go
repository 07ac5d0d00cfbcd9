//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/miekg/dns"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
)

// TestVerify proves an organization with AWS and DNS, and finds what somebody has broken.
func TestVerify(t *testing.T) {
	begin(t)
	w := newWorld(t, `
config:
  coldstart:namespace: v
  coldstart:domain: cloud.verify.example
  coldstart:region: eu-west-1
  coldstart:email: "%s@verify.example"
  coldstart:accounts: {audit: {}, b: {}}
`)
	out, code := w.exits(coldstart(), "verify")
	contains(t, out, "is in no organization yet", "run `coldstart up` first")
	if code != 1 {
		t.Errorf("before up: exit code %d", code)
	}
	w.up()

	names := w.serveDNS()
	contains(t, w.ok(coldstart(), "verify", "--all", "--dns-server", names.start),
		"The organization is what is declared", "each name server of b.cloud.verify.example answers for it", "not proved: whether logs arrive")
	contains(t, w.ok(coldstart(), "verify", "audit"),
		"The organization is what is declared", "not proved: whether names lead from the zone above")

	contains(t, w.ok(coldstart(), "can", "admin", "iam:CreateRole", "--in", "b", "--live"), "yes: admin, iam:CreateRole in b", "as role v-b-admin: yes")
	w.openState("b")
	out, code = w.exits(coldstart(), "verify", "--dns-server", names.start)
	contains(t, out, "master: permissions: together, policies keep the promise strangers-stay-outside", "can s3:GetObject in b", "statement Opened of the resource policy", "run `coldstart refresh master b`, then `coldstart up master b`, which brings it in line; but if `coldstart expect` says the same, change the declaration")
	if code != 1 {
		t.Errorf("with a state that everybody reads: exit code %d", code)
	}
	contains(t, w.ok(coldstart(), "expect"), "strangers-stay-outside") // It is about what is declared.
	w.ok(coldstart(), "refresh", "b")
	w.up()
	contains(t, w.ok(coldstart(), "verify", "--dns-server", names.start), "The organization is what is declared")

	names.remove("b.cloud.verify.example")
	out, code = w.exits(coldstart(), "verify", "--dns-server", names.start)
	contains(t, out, "2 of ", "b: delegation: cloud.verify.example delegates b.cloud.verify.example",
		"b: resolution: each name server of cloud.verify.example refers to those of the zone b.cloud.verify.example doesn't hold",
		"answers NXDOMAIN", "run `coldstart refresh b` and `coldstart up b`")
	if code != 1 {
		t.Errorf("without a delegation: exit code %d", code)
	}
	selected, err := w.command(coldstart(), "verify", "master", "--json", "--dns-server", names.start).Output()
	must(t, err)
	var report struct {
		OK     bool
		Proofs []proof.Proof
	}
	must(t, json.Unmarshal(selected, &report))
	if !report.OK || slices.ContainsFunc(report.Proofs, func(p proof.Proof) bool { return p.Account != "master" }) {
		t.Errorf("it isn't of master alone:\n%s", selected)
	}

	member := aws.ToString(w.accounts()["b@verify.example"].Id)
	credentials, err := w.entering(member).Credentials.Retrieve(context.Background())
	must(t, err)
	maps.Copy(w.env, map[string]string{
		"AWS_ACCESS_KEY_ID": credentials.AccessKeyID, "AWS_SECRET_ACCESS_KEY": credentials.SecretAccessKey, "AWS_SESSION_TOKEN": credentials.SessionToken,
	})
	out, code = w.exits(coldstart(), "verify")
	contains(t, out, "these are credentials of account "+member, "use those of its management account")
	if code != 1 || strings.Contains(out, "Proofs that hold") {
		t.Errorf("as a member: exit code %d", code)
	}
}

// openState lets everybody read the state of an account, by a statement besides coldstart's.
func (w *world) openState(account string) {
	w.t.Helper()
	org := w.organization()
	id := aws.ToString(w.accounts()[org.AccountEmail(account)].Id)
	client := s3.NewFromConfig(w.entering(id), func(o *s3.Options) { o.UsePathStyle = true })
	bucket := aws.String(org.Name(account, "state") + "-" + id)
	p, err := client.GetBucketPolicy(w.t.Context(), &s3.GetBucketPolicyInput{Bucket: bucket})
	must(w.t, err)
	opened := strings.Replace(aws.ToString(p.Policy), `"Statement":[`, `"Statement":[{"Sid":"Opened","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::`+*bucket+`/*"},`, 1)
	_, err = client.PutBucketPolicy(w.t.Context(), &s3.PutBucketPolicyInput{Bucket: bucket, Policy: &opened})
	must(w.t, err)
}

// exits runs a program that may fail, and returns its output and exit code.
func (w *world) exits(name string, args ...string) (string, int) {
	w.t.Helper()
	out, err := w.run(name, args...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	if exit != nil {
		return out, exit.ExitCode()
	}
	return out, 0
}

// entering returns a configuration that works in a member, by the access role.
func (w *world) entering(accountID string) aws.Config {
	return awsconfig.Assume(w.emulator.Config(w.organization().Region), organization.RoleARN(accountID, organization.AccessRole), "e2e")
}

// nameServers serve the records of the emulator's Route 53: a root server, one server for all
// top-level domains, and Route 53's own servers. Each has its own address.
type nameServers struct {
	w      *world
	domain string
	start  string              // host and port of the root server
	apex   map[string][]dns.RR // records of the apex zone by name
	zones  map[string]bool     // all zones
	hosts  map[string]string   // addresses of Route 53's servers by name
}

// serveDNS reads the emulator's zones and serves them. Route 53 gives each zone servers that
// serve none of the zones above. The emulator gives all zones the same servers. So these
// servers answer with the delegations of the apex zone, and otherwise as servers of the zone
// itself.
func (w *world) serveDNS() *nameServers {
	w.t.Helper()
	s := &nameServers{w: w, domain: w.organization().Domain + ".", apex: map[string][]dns.RR{}, zones: map[string]bool{}, hosts: map[string]string{}}
	s.read()
	port := 0
	answers := map[string]func(*dns.Msg, string){"127.0.0.1": s.root, "127.0.0.2": s.parent}
	for _, addr := range s.hosts {
		answers[addr] = s.route53
	}
	for addr, answer := range answers {
		conn, err := net.ListenPacket("udp", fmt.Sprintf("%s:%d", addr, port))
		must(w.t, err)
		port = conn.LocalAddr().(*net.UDPAddr).Port
		server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(out dns.ResponseWriter, question *dns.Msg) {
			m := new(dns.Msg).SetReply(question)
			answer(m, dns.CanonicalName(question.Question[0].Name))
			_ = out.WriteMsg(m)
		})}
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		go func() { _ = server.ActivateAndServe() }()
		<-started
		w.t.Cleanup(func() { _ = server.Shutdown() })
	}
	s.start = fmt.Sprintf("127.0.0.1:%d", port)
	return s
}

// read reads the zones of all accounts.
func (s *nameServers) read() {
	ctx, org, accounts := context.Background(), s.w.organization(), s.w.accounts()
	clients := []*route53.Client{s.management()}
	for _, name := range org.AccountNames() {
		clients = append(clients, route53.NewFromConfig(s.w.entering(aws.ToString(accounts[org.AccountEmail(name)].Id))))
	}
	for _, client := range clients {
		zones, err := client.ListHostedZones(ctx, &route53.ListHostedZonesInput{})
		must(s.w.t, err)
		for _, zone := range zones.HostedZones {
			s.zones[aws.ToString(zone.Name)] = true
			if aws.ToString(zone.Name) == s.domain {
				s.readApex(client, zone.Id)
			}
		}
	}
}

func (s *nameServers) readApex(client *route53.Client, id *string) {
	out, err := client.ListResourceRecordSets(context.Background(), &route53.ListResourceRecordSetsInput{HostedZoneId: id})
	must(s.w.t, err)
	for _, set := range out.ResourceRecordSets {
		if set.Type == r53types.RRTypeSoa {
			continue // The emulator's SOA record isn't valid.
		}
		name := strings.ReplaceAll(aws.ToString(set.Name), `\052`, "*")
		for _, record := range set.ResourceRecords {
			rr, err := dns.NewRR(fmt.Sprintf("%s 60 IN %s %s", name, set.Type, aws.ToString(record.Value)))
			must(s.w.t, err)
			s.apex[name] = append(s.apex[name], rr)
			if ns, ok := rr.(*dns.NS); ok && s.hosts[dns.CanonicalName(ns.Ns)] == "" {
				s.hosts[dns.CanonicalName(ns.Ns)] = fmt.Sprintf("127.0.0.%d", 3+len(s.hosts))
			}
		}
	}
}

func (s *nameServers) management() *route53.Client {
	return route53.NewFromConfig(s.w.emulator.Config(s.w.organization().Region))
}

// remove deletes a delegation, as a person would by mistake.
func (s *nameServers) remove(domain string) {
	s.w.t.Helper()
	ctx, client := context.Background(), s.management()
	zones, err := client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: &s.domain})
	must(s.w.t, err)
	sets, err := client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: zones.HostedZones[0].Id})
	must(s.w.t, err)
	i := slices.IndexFunc(sets.ResourceRecordSets, func(set r53types.ResourceRecordSet) bool { return aws.ToString(set.Name) == domain+"." })
	_, err = client.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: zones.HostedZones[0].Id,
		ChangeBatch:  &r53types.ChangeBatch{Changes: []r53types.Change{{Action: r53types.ChangeActionDelete, ResourceRecordSet: &sets.ResourceRecordSets[i]}}},
	})
	must(s.w.t, err)
	delete(s.apex, domain+".")
}

// root answers as the root server, which refers to the server of all top-level domains.
func (s *nameServers) root(m *dns.Msg, name string) {
	labels := dns.SplitDomainName(name)
	if len(labels) == 0 {
		m.Authoritative = true
		return
	}
	m.Ns = records(fmt.Sprintf("%s. 60 IN NS ns.nic.test.", labels[len(labels)-1]))
	m.Extra = records("ns.nic.test. 60 IN A 127.0.0.2")
}

// parent answers as the server of all top-level domains. It refers to the apex zone's servers,
// and has the addresses of all servers.
func (s *nameServers) parent(m *dns.Msg, name string) {
	if dns.IsSubDomain(s.domain, name) {
		m.Ns = s.of(s.domain, dns.TypeNS)
		return
	}
	m.Authoritative = true
	if addr := s.hosts[name]; addr != "" && m.Question[0].Qtype == dns.TypeA {
		m.Answer = records(name + " 60 IN A " + addr)
	}
}

// route53 answers as a server of the apex zone and of the zones below.
func (s *nameServers) route53(m *dns.Msg, name string) {
	kind := m.Question[0].Qtype
	if kind == dns.TypeNS && name != s.domain {
		m.Ns = s.of(name, kind)
	}
	m.Authoritative = len(m.Ns) == 0
	switch {
	case !m.Authoritative:
	case kind == dns.TypeSOA && s.zones[name]:
		m.Answer = records(name + " 60 IN SOA ns.test. hostmaster.test. 1 2 3 4 60")
	case len(s.of(name, kind)) > 0:
		m.Answer = s.of(name, kind)
	case strings.HasPrefix(name, "x."):
		for _, rr := range s.of("*."+strings.TrimPrefix(name, "x."), kind) {
			rr = dns.Copy(rr)
			rr.Header().Name = name
			m.Answer = append(m.Answer, rr)
		}
	default:
		m.Rcode = dns.RcodeNameError
	}
}

// of returns the apex zone's records with a name and a type.
func (s *nameServers) of(name string, kind uint16) []dns.RR {
	return slices.DeleteFunc(slices.Clone(s.apex[name]), func(rr dns.RR) bool { return rr.Header().Rrtype != kind })
}

func records(texts ...string) []dns.RR {
	var all []dns.RR
	for _, text := range texts {
		rr, err := dns.NewRR(text)
		if err != nil {
			panic(err) // The texts are in this file.
		}
		all = append(all, rr)
	}
	return all
}
