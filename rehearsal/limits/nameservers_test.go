package limits_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/limits"
)

// zones is a Route 53 that accepts every request, and has moto's name servers in every answer.
type zones struct {
	mu    sync.Mutex
	sets  int
	zones []string // each as XML
}

func (z *zones) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	between := func(element string) string {
		_, after, _ := strings.Cut(string(body), "<"+element+">")
		text, _, _ := strings.Cut(after, "</"+element+">")
		return text
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	out := "<R/>"
	switch path := strings.TrimPrefix(r.URL.Path, "/2013-04-01/"); r.Method + " " + path {
	case "POST delegationset":
		z.sets++
		out = fmt.Sprintf("<R><DelegationSet><Id>/delegationset/N%d</Id>%s</DelegationSet></R>", z.sets, motoNames)
		w.WriteHeader(http.StatusCreated)
	case "POST hostedzone":
		z.zones = append(z.zones, z.zone(between("Name"), between("DelegationSetId")))
		out = "<R>" + z.zones[len(z.zones)-1] + "</R>"
		w.WriteHeader(http.StatusCreated)
	case "GET hostedzone":
		out = "<R><HostedZones>" + strings.Join(z.zones, "") + "</HostedZones></R>"
	default:
		if r.Header.Get("X-Amz-Target") != "" { // There is no organization.
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, zone := range z.zones {
			if r.Method == http.MethodGet && strings.Contains(zone, "/"+path+"<") {
				out = "<R>" + zone + "</R>"
			}
		}
	}
	fmt.Fprint(w, out)
}

func (z *zones) zone(name, set string) string {
	if set != "" {
		set = "<Id>" + set + "</Id>"
	}
	return fmt.Sprintf("<HostedZone><Id>/hostedzone/Z%d</Id><Name>%s.</Name></HostedZone><DelegationSet>%s%s</DelegationSet>", len(z.zones)+1, name, set, motoNames)
}

// dns is a client of Route 53 that creates delegation sets and zones.
type dns struct {
	*testing.T
	*route53.Client
	made int
}

func (d *dns) set(reference string) *types.DelegationSet {
	d.Helper()
	d.made++
	out, err := d.CreateReusableDelegationSet(ctx(), &route53.CreateReusableDelegationSetInput{
		CallerReference: aws.String(fmt.Sprintf("%s-terraform-%026x", reference, d.made)),
	})
	must(d.T, err)
	return out.DelegationSet
}

func (d *dns) zone(name string, set *types.DelegationSet) (*route53.CreateHostedZoneOutput, error) {
	d.made++
	in := &route53.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(fmt.Sprint(d.made))}
	if set != nil {
		in.DelegationSetId = set.Id
	}
	return d.CreateHostedZone(ctx(), in)
}

// sharing returns a seed with which the first delegation sets of two caller references share a
// name server.
func sharing(t *testing.T, a, b string) uint64 {
	t.Helper()
	for seed := range uint64(100_000) {
		one, other := limits.NameServers(seed, a), limits.NameServers(seed, b)
		if slices.ContainsFunc(one[:], func(s string) bool { return slices.Contains(other[:], s) }) {
			return seed
		}
	}
	t.Fatal("no seed makes a conflict")
	return 0
}

// Route 53 refuses a zone on a delegation set that shares a name server with the zone above, the
// zone below or another zone of the same name, in whatever account that zone is.
func TestZonesThatShareANameServer(t *testing.T) {
	t.Parallel()
	o := unhurried(nil)
	o.Seed = sharing(t, "acme-master-apex", "acme-prod-zone")
	s := start(t, (&zones{}).ServeHTTP, o)
	d := &dns{T: t, Client: route53.NewFromConfig(s.master())}
	apex, prod := d.set("acme-master-apex"), d.set("acme-prod-zone")
	_, err := d.zone("acme.example", apex)
	must(t, err)
	for _, name := range []string{"prod.acme.example", "a.b.ACME.example.", "acme.example", "example"} {
		var conflict *types.ConflictingDomainExists
		if _, err := d.zone(name, prod); !errors.As(err, &conflict) || proxytest.IsThrottle(err) || !strings.Contains(err.Error(), "zone acme.example has") {
			t.Errorf("%s on a set that shares a name server with acme.example: %v", name, err)
		}
	}
	for _, name := range []string{"prod-acme.example", "master.example"} {
		_, err := d.zone(name, prod)
		must(t, err)
	}
	again := d.set("acme-prod-zone")
	if slices.Equal(again.NameServers, prod.NameServers) {
		t.Error("another set of the same reference has the same name servers")
	}
	made, err := d.zone("prod.acme.example", again)
	must(t, err)
	if !slices.Equal(made.DelegationSet.NameServers, again.NameServers) {
		t.Errorf("the zone has %s, and its set %s", made.DelegationSet.NameServers, again.NameServers)
	}
	_, err = d.DeleteReusableDelegationSet(ctx(), &route53.DeleteReusableDelegationSetInput{Id: again.Id})
	var used *types.DelegationSetInUse
	if !errors.As(err, &used) {
		t.Errorf("a set with a zone is deleted: %v", err)
	}
	_, err = d.DeleteHostedZone(ctx(), &route53.DeleteHostedZoneInput{Id: made.HostedZone.Id})
	must(t, err)
	_, err = d.DeleteReusableDelegationSet(ctx(), &route53.DeleteReusableDelegationSetInput{Id: again.Id})
	must(t, err)
}

// Route 53 itself chooses name servers without conflict for a zone without a set. Private zones
// can't conflict.
func TestZonesWithoutASet(t *testing.T) {
	t.Parallel()
	o := unhurried(nil)
	o.Seed = sharing(t, "set", "zone acme.example")
	s := start(t, (&zones{}).ServeHTTP, o)
	d := &dns{T: t, Client: route53.NewFromConfig(s.master())}
	set := d.set("set")
	_, err := d.zone("prod.acme.example", set)
	must(t, err)
	apex, err := d.zone("acme.example", nil)
	must(t, err)
	for _, server := range apex.DelegationSet.NameServers {
		if slices.Contains(set.NameServers, server) {
			t.Errorf("both have %s", server)
		}
	}
	got, err := d.GetHostedZone(ctx(), &route53.GetHostedZoneInput{Id: apex.HostedZone.Id})
	must(t, err)
	if !slices.Equal(got.DelegationSet.NameServers, apex.DelegationSet.NameServers) {
		t.Errorf("the zone has %s, and had %s", got.DelegationSet.NameServers, apex.DelegationSet.NameServers)
	}
	_, err = d.CreateHostedZone(ctx(), &route53.CreateHostedZoneInput{
		Name: aws.String("acme.example"), CallerReference: aws.String("private"), VPC: &types.VPC{VPCId: aws.String("vpc-1")}, DelegationSetId: set.Id,
	})
	must(t, err)
}

// Zones that are older than the proxy keep their name servers: moto's, or those of an earlier
// proxy. The same seed gives the same name servers in whatever order sets are created.
func TestZonesOfBefore(t *testing.T) {
	t.Parallel()
	emulator := &zones{}
	emulator.sets = 1
	emulator.zones = []string{emulator.zone("acme.example", "N1")}
	client := func(seed uint64, behind http.Handler) *dns {
		o := unhurried(nil)
		o.Seed = seed
		return &dns{T: t, Client: route53.NewFromConfig(start(t, behind.ServeHTTP, o).master())}
	}
	d := client(0, emulator)
	there, err := d.GetHostedZone(ctx(), &route53.GetHostedZoneInput{Id: aws.String("Z1")})
	must(t, err)
	if got := there.DelegationSet.NameServers; !strings.Contains(motoNames, "<NameServer>"+got[0]+"<") {
		t.Errorf("a zone of before is on %s", got)
	}
	// All older zones share moto's name servers, so these name servers cause no conflict.
	_, err = d.zone("prod.acme.example", &types.DelegationSet{Id: aws.String("N1")})
	must(t, err)

	seed := sharing(t, "acme-master-apex", "acme-prod-zone")
	emulator = &zones{}
	first := client(seed, emulator)
	_, err = first.zone("acme.example", first.set("acme-master-apex"))
	must(t, err)
	second := client(seed, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // Answer as the first proxy does.
			apex := limits.NameServers(seed, "acme-master-apex")
			text := httptest.NewRecorder()
			emulator.ServeHTTP(text, r)
			_, _ = io.WriteString(w, rename(text.Body.String(), apex[:]))
			return
		}
		emulator.ServeHTTP(w, r)
	}))
	second.set("another")
	set, drawn := second.set("acme-prod-zone"), limits.NameServers(seed, "acme-prod-zone")
	if !slices.Equal(set.NameServers, drawn[:]) {
		t.Errorf("drawn are %s, and not %s", set.NameServers, drawn)
	}
	var api smithy.APIError
	if _, err := second.zone("prod.acme.example", set); !errors.As(err, &api) || api.ErrorCode() != "ConflictingDomainExists" {
		t.Errorf("a zone below one of before: %v", err)
	}
}

// rename replaces moto's name servers in a text by others.
func rename(text string, names []string) string {
	for _, name := range names {
		old := regexp.MustCompile(`<NameServer>ns-20[0-9]+[^<]*<`).FindString(text)
		text = strings.ReplaceAll(text, old, "<NameServer>"+name+"<")
	}
	return text
}
