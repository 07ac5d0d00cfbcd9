package limits

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// priorRequests refuses a change of a zone that another one is made to.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html#API_ChangeResourceRecordSets_Errors
type priorRequests struct {
	w    *World
	busy *busy
}

func (priorRequests) Name() string { return "prior request not complete" }

func (r priorRequests) Apply(c *Call, next Next) *Answer {
	if !c.Is("route53", "ChangeResourceRecordSets") {
		return next(c)
	}
	if !r.busy.begin(c.Resource) {
		a := r.w.Refuse(c, Problem{http.StatusBadRequest, "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.", nil})
		a.Throttled = true
		return a
	}
	defer r.busy.end(c.Resource)
	return next(c)
}

// nameServers gives each zone and each delegation set its own name servers in
// place of moto's, which are the same for all: so that a delegation to another
// zone's is wrong. They are made from the id, so nothing has to be remembered but
// which set a zone is on.
type nameServers struct {
	w   *World
	mu  sync.Mutex
	set map[string]string // by zone
}

func (*nameServers) Name() string { return "name servers" }

// motoServers are those of moto, in route53/models.py.
var motoServers = [4]string{"ns-2048.awsdns-64.com", "ns-2049.awsdns-65.net", "ns-2050.awsdns-66.org", "ns-2051.awsdns-67.co.uk"}

var (
	delegationSet = regexp.MustCompile(`(?s)<DelegationSet>.*?</DelegationSet>`)
	setID         = regexp.MustCompile(`<Id>(?:/delegationset/)?([^<]+)</Id>`)
	zoneID        = regexp.MustCompile(`<HostedZone>\s*<Id>(?:/hostedzone/)?([^<]+)</Id>`)
)

func (r *nameServers) Apply(c *Call, next Next) *Answer {
	a := next(c)
	if !a.OK() {
		return a
	}
	body := string(a.Body)
	switch {
	case c.Is("route53", "CreateReusableDelegationSet", "GetReusableDelegationSet", "ListReusableDelegationSets", "CreateHostedZone", "GetHostedZone"):
		zone := zoneID.FindStringSubmatch(body)
		body = delegationSet.ReplaceAllStringFunc(body, func(set string) string {
			id := setID.FindStringSubmatch(set)
			switch {
			case id != nil && zone != nil:
				r.learn(zone[1], id[1])
				return rename(set, id[1])
			case id != nil:
				return rename(set, id[1])
			case zone != nil:
				r.learn(zone[1], zone[1])
				return rename(set, zone[1])
			}
			return set
		})
	case c.Is("route53", "ListResourceRecordSets"):
		body = rename(body, r.setOf(c))
	default:
		return a
	}
	a.Body = []byte(body)
	return a
}

func (r *nameServers) learn(zone, set string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.set == nil {
		r.set = map[string]string{}
	}
	r.set[zone] = set
}

// setOf returns the set of the zone that a call is about, or the zone itself if it
// has none.
func (r *nameServers) setOf(c *Call) string {
	r.mu.Lock()
	set := r.set[c.Resource]
	r.mu.Unlock()
	if set != "" {
		return set
	}
	// A zone of before: the answer to this is learned from.
	get := *c
	get.Method, get.Action, get.Body = http.MethodGet, "GetHostedZone", nil
	get.URL = &url.URL{Path: "/2013-04-01/hostedzone/" + c.Resource}
	r.Apply(&get, func(c *Call) *Answer { return r.w.Send(c.Context(), c) })
	r.mu.Lock()
	defer r.mu.Unlock()
	if set := r.set[c.Resource]; set != "" {
		return set
	}
	return c.Resource
}

func rename(text, id string) string {
	for i, name := range servers(id) {
		text = strings.ReplaceAll(text, motoServers[i], name)
	}
	return text
}

// servers returns the name servers of a set or a zone. Route 53's have four top
// level domains, 512 servers in each and eight of them in a domain.
func servers(id string) (names [4]string) {
	hash := sha256.Sum256([]byte(id))
	for i, tld := range [4]string{"com", "net", "org", "co.uk"} {
		n := int(binary.BigEndian.Uint16(hash[2*i:])) % 512
		names[i] = fmt.Sprintf("ns-%d.awsdns-%02d.%s", 512*i+n, n/8, tld)
	}
	return names
}
