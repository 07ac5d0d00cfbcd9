package limits

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// nameServers gives each zone and each delegation set name servers of its own, as Route 53 does.
// moto has the same four name servers for all. Like Route 53, this rule lets no two public zones
// share a name server if the zones have the same name or one zone is below the other, in
// whatever accounts they are.
//
// The name servers of a set are random, and conflicts are as probable as in AWS. The choice
// depends only on proxy.Options.Seed and the set's caller reference, so a rehearsal of one
// declaration meets the same conflicts every time, in whatever order stacks run.
//
// Sets and zones that are older than the proxy keep the name servers that the emulator shows.
// States and delegations have these name servers: if the rule changed them, every zone would
// have drift and every delegation would be wrong.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html#API_CreateHostedZone_Errors
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateReusableDelegationSet.html
type nameServers struct {
	members *members

	// creating is held while a zone is created or a set is deleted. Otherwise two zones that
	// conflict could be created at the same time.
	creating sync.Mutex

	mu     sync.Mutex
	loaded bool
	drawn  map[string]int       // how often next has drawn name servers, by reference
	sets   map[string][4]string // the name servers of reusable delegation sets, by id
	zones  map[string]hosted    // by id
}

// hosted is a hosted zone.
type hosted struct {
	// name is in lower case and without a final dot; empty for a private zone.
	name    string
	set     string // the id of the zone's reusable delegation set; empty for a zone without
	servers [4]string
}

func newNameServers(m *members) *nameServers {
	return &nameServers{members: m, drawn: map[string]int{}, sets: map[string][4]string{}, zones: map[string]hosted{}}
}

func (*nameServers) Name() string { return "name servers" }

// motoServers are the name servers of every zone in moto: see moto's route53/models.py.
var motoServers = [4]string{"ns-2048.awsdns-64.com", "ns-2049.awsdns-65.net", "ns-2050.awsdns-66.org", "ns-2051.awsdns-67.co.uk"}

var (
	delegationSet = regexp.MustCompile(`(?s)<DelegationSet>.*?</DelegationSet>`)
	setID         = regexp.MustCompile(`<Id>(?:/delegationset/)?([^<]+)</Id>`)
	serverName    = regexp.MustCompile(`<NameServer>([^<]+)</NameServer>`)
	zoneID        = regexp.MustCompile(`<HostedZone>\s*<Id>(?:/hostedzone/)?([^<]+)</Id>`)
	zoneName      = regexp.MustCompile(`(?s)<HostedZone>.*?<Name>([^<]+)</Name>`)
	privateZone   = regexp.MustCompile(`<PrivateZone>true</PrivateZone>`)
)

func (r *nameServers) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	switch {
	case c.Service != "route53":
		return next(c)
	case c.Action == "CreateHostedZone":
		return r.create(c, next)
	case c.Action == "DeleteReusableDelegationSet":
		return r.deleteSet(c, next)
	}
	a := next(c)
	if !a.OK() {
		return a
	}
	switch c.Action {
	case "CreateReusableDelegationSet":
		r.draw(c, a)
		r.rewrite(a)
	case "GetReusableDelegationSet", "ListReusableDelegationSets", "GetHostedZone":
		r.rewrite(a)
	case "ListResourceRecordSets":
		a.Body = []byte(rename(string(a.Body), r.serversOf(c.Context(), c.Caller.Account, c.Resource)))
	case "DeleteHostedZone":
		r.mu.Lock()
		delete(r.zones, c.Resource)
		r.mu.Unlock()
	}
	return a
}

// newZone is the body of a CreateHostedZone request.
type newZone struct {
	Name            string
	DelegationSetID string `xml:"DelegationSetId"`
	VPC             *struct{}
	Config          struct{ PrivateZone bool } `xml:"HostedZoneConfig"`
}

// create creates a zone unless it conflicts with another zone.
func (r *nameServers) create(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in newZone
	if xml.Unmarshal(c.Body, &in) != nil {
		return next(c) // The emulator says what is wrong with the request.
	}
	r.creating.Lock()
	defer r.creating.Unlock()
	r.load(c.Context())
	name, set := plain(in.Name), strings.TrimPrefix(in.DelegationSetID, "/delegationset/")
	var servers [4]string
	switch {
	case in.VPC != nil || in.Config.PrivateZone:
		name = ""
	case set != "":
		servers = r.serversOfSet(set)
		if other := r.conflicting(name, servers); other != "" {
			// The message is the one that people report from AWS, with an addition for people
			// who rehearse.
			return r.members.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: "ConflictingDomainExists", Message: fmt.Sprintf(
				"Cannot create hosted zone with DelegationSetId DelegationSetId:%s as the DNSName %s. conflicts with existing ones sharing the delegation set (rehearsal: zone %s has a name server of the set)",
				set, name, other)})
		}
	default:
		// Without a set, Route 53 itself chooses name servers that don't conflict.
		for servers = r.next("zone " + name); r.conflicting(name, servers) != ""; servers = r.next("zone " + name) {
		}
	}
	a := next(c)
	if id := zoneID.FindSubmatch(a.Body); a.OK() && id != nil {
		r.mu.Lock()
		r.zones[string(id[1])] = hosted{name: name, set: set, servers: servers}
		r.mu.Unlock()
		r.rewrite(a)
	}
	return a
}

// deleteSet refuses to delete a reusable delegation set that a zone uses.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteReusableDelegationSet.html
func (r *nameServers) deleteSet(c *proxy.Call, next proxy.Next) *proxy.Answer {
	r.creating.Lock()
	defer r.creating.Unlock()
	r.load(c.Context())
	r.mu.Lock()
	used := false
	for _, z := range r.zones {
		used = used || z.set == c.Resource
	}
	r.mu.Unlock()
	if used {
		return r.members.w.Refuse(c, proxy.Problem{
			Status: http.StatusBadRequest, Code: "DelegationSetInUse",
			Message: "The specified delegation contains associated hosted zones which must be deleted before the reusable delegation set can be deleted.",
		})
	}
	return next(c)
}

// draw draws the name servers of a new set. If the set is made from a zone, it gets the zone's
// name servers instead.
func (r *nameServers) draw(c *proxy.Call, a *proxy.Answer) {
	var in struct {
		CallerReference string
		HostedZoneID    string `xml:"HostedZoneId"`
	}
	id := setID.FindSubmatch(delegationSet.Find(a.Body))
	if id == nil || xml.Unmarshal(c.Body, &in) != nil {
		return
	}
	var servers [4]string
	if zone := strings.TrimPrefix(in.HostedZoneID, "/hostedzone/"); zone != "" {
		servers = r.serversOf(c.Context(), c.Caller.Account, zone)
	} else {
		servers = r.next(madeUnique.ReplaceAllString(in.CallerReference, ""))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sets[string(id[1])] = servers
}

// madeUnique is the suffix that the AWS provider adds to a caller reference. It is different each
// time, so it must not decide the name servers.
var madeUnique = regexp.MustCompile(`-terraform-[0-9a-f]+$`)

// next draws name servers for a reference. Each draw for one reference has other name servers.
func (r *nameServers) next(reference string) [4]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.drawn[reference]
	r.drawn[reference]++
	return servers(fmt.Sprintf("%d %s %d", r.members.w.Seed, reference, n))
}

// NameServers returns the name servers that the first reusable delegation set with a caller
// reference gets if seed is proxy.Options.Seed. With it a test finds a seed that makes a conflict.
func NameServers(seed uint64, reference string) [4]string {
	return servers(fmt.Sprintf("%d %s %d", seed, reference, 0))
}

// nameServerStripes are Route 53's name servers: 512 servers in each of four top-level domains,
// with eight servers to a domain such as awsdns-00.com.
var nameServerStripes = sync.OnceValue(func() *[4][512]string {
	names := &[4][512]string{}
	for i, tld := range [4]string{"com", "net", "org", "co.uk"} {
		for n := range names[i] {
			names[i][n] = fmt.Sprintf("ns-%d.awsdns-%02d.%s", 512*i+n, n/8, tld)
		}
	}
	return names
})

// servers turns the text of a draw into name servers, one of each stripe.
func servers(draw string) (names [4]string) {
	hash, all := sha256.Sum256([]byte(draw)), nameServerStripes()
	for i := range names {
		names[i] = all[i][binary.BigEndian.Uint16(hash[2*i:])%512]
	}
	return names
}

// conflicting returns the name of a zone that conflicts with a new zone of the given name on the
// given name servers; empty if no zone does.
func (r *nameServers) conflicting(name string, servers [4]string) string {
	if servers == motoServers {
		return "" // The set is older than the proxy: moto puts all zones on these name servers.
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, z := range r.zones {
		if z.name == "" || z.name != name && !strings.HasSuffix(z.name, "."+name) && !strings.HasSuffix(name, "."+z.name) {
			continue
		}
		if slices.ContainsFunc(servers[:], func(s string) bool { return slices.Contains(z.servers[:], s) }) {
			return z.name
		}
	}
	return ""
}

// rewrite replaces moto's name servers in an answer by those of the zone or set. It also learns
// other name servers that the answer has.
func (r *nameServers) rewrite(a *proxy.Answer) {
	body := string(a.Body)
	var zone string
	if id := zoneID.FindStringSubmatch(body); id != nil {
		zone = id[1]
	}
	body = delegationSet.ReplaceAllStringFunc(body, func(text string) string {
		var id string
		if found := setID.FindStringSubmatch(text); found != nil {
			id = found[1]
		}
		r.learn(zone, id, text, body)
		switch {
		case id != "":
			return rename(text, r.serversOfSet(id))
		case zone != "":
			r.mu.Lock()
			defer r.mu.Unlock()
			return rename(text, r.zones[zone].servers)
		}
		return text
	})
	a.Body = []byte(body)
}

// learn remembers the name servers that an answer has for a set or a zone that this proxy didn't
// create. Text is the delegation set in the answer, body the whole answer.
func (r *nameServers) learn(zone, set, text, body string) {
	own := listed(text)
	r.mu.Lock()
	defer r.mu.Unlock()
	if set != "" {
		if drawn, known := r.sets[set]; known && own == motoServers {
			own = drawn
		}
		r.sets[set] = own
	}
	old, there := r.zones[zone]
	switch {
	case zone == "" || there && own == motoServers:
		return
	case !there:
		old.set = set
		if name := zoneName.FindStringSubmatch(body); name != nil && !privateZone.MatchString(body) {
			old.name = plain(name[1])
		}
	}
	old.servers = own
	r.zones[zone] = old
}

// listed returns the name servers in an answer.
func listed(text string) (own [4]string) {
	for i, name := range serverName.FindAllStringSubmatch(text, len(own)) {
		own[i] = name[1]
	}
	return own
}

func (r *nameServers) serversOfSet(id string) [4]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.sets[id]; ok {
		return known
	}
	return motoServers
}

// serversOf returns the name servers of a zone. It asks the emulator for a zone that isn't known.
func (r *nameServers) serversOf(ctx context.Context, account, zone string) [4]string {
	r.mu.Lock()
	z, ok := r.zones[zone]
	r.mu.Unlock()
	if !ok {
		if a := r.members.w.Get(ctx, account, "route53", url.URL{Path: "/2013-04-01/hostedzone/" + zone}); a.OK() {
			r.rewrite(a)
		}
		r.mu.Lock()
		z = r.zones[zone]
		r.mu.Unlock()
	}
	return z.servers
}

// load learns, once, the zones that are older than the proxy: the zones of the management account
// and of the members that weren't created through this proxy.
func (r *nameServers) load(ctx context.Context) {
	r.mu.Lock()
	loaded := r.loaded
	r.loaded = true
	r.mu.Unlock()
	if loaded {
		return
	}
	for _, account := range append([]string{r.members.w.Management}, r.members.before(ctx)...) {
		a := r.members.w.Get(ctx, account, "route53", url.URL{Path: "/2013-04-01/hostedzone"})
		var list struct {
			Zones []struct {
				ID string `xml:"Id"`
			} `xml:"HostedZones>HostedZone"`
		}
		if !a.OK() || xml.Unmarshal(a.Body, &list) != nil {
			continue
		}
		for _, z := range list.Zones {
			r.serversOf(ctx, account, strings.TrimPrefix(z.ID, "/hostedzone/"))
		}
	}
}

func rename(text string, names [4]string) string {
	if names[0] == "" {
		return text
	}
	for i, name := range names {
		text = strings.ReplaceAll(text, motoServers[i], name)
	}
	return text
}

// plain returns a domain name in lower case and without a final dot, so that names compare equal.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
