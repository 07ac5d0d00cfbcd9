package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/coldstart-aws/coldstart/organization"
)

// declared returns an organization with two members.
func declared() *organization.Organization {
	org := organization.Defaults()
	org.Namespace, org.Domain, org.Region, org.Email = "acme", "acme.example", "us-west-2", "aws+%s@acme.example"
	org.Accounts = map[string]organization.Account{"audit": {}, "prod": {}}
	org.Users = map[string]organization.User{"ada": {Groups: []string{"prod-admin", "audit-admin"}}, "bob": {}}
	return org
}

const (
	masterID = "123456789012"
	prodID   = "210987654321"
)

// world is what doctor looks at: an AWS, a DNS, a project folder and a backend.
type world struct {
	org     *organization.Organization
	options Options
	// answers are AWS's answers by operation; for HEAD requests to S3, by method and bucket.
	answers map[string]answer
	skew    time.Duration
	// late is how many requests get no answer, by operation.
	late map[string]*atomic.Int32
	// backend is the folder with the state.
	backend string
}

type answer struct {
	status int // 0 for 200
	body   string
}

func failed(status int, code string) answer { return failedWith(status, code, "no") }

func failedWith(status int, code, message string) answer {
	return answer{status, fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message)}
}

func failedXML(status int, code string) answer {
	return answer{status, fmt.Sprintf(`<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`, code)}
}

// tagged is an answer with the tags of a zone.
func tagged(tags map[string]string) answer {
	var list strings.Builder
	for key, value := range tags {
		fmt.Fprintf(&list, `<Tag><Key>%s</Key><Value>%s</Value></Tag>`, key, value)
	}
	return answer{body: `<ListTagsForResourceResponse><ResourceTagSet><Tags>` + list.String() + `</Tags></ResourceTagSet></ListTagsForResourceResponse>`}
}

// newWorld returns a world in which nothing is wrong and nothing has run yet.
func newWorld(t *testing.T) *world {
	t.Helper()
	home := t.TempDir()
	w := &world{org: declared(), backend: filepath.Join(home, "state"), answers: map[string]answer{
		"GetCallerIdentity":                  caller("arn:aws:iam::" + masterID + ":user/ops"),
		"GetAccountSummary":                  summary(0, 1),
		"SimulatePrincipalPolicy":            simulated("allowed"),
		"DescribeRegions":                    {body: `<DescribeRegionsResponse><regionInfo><item><regionName>us-west-2</regionName><optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>`},
		"DescribeOrganization":               failed(400, "AWSOrganizationsNotInUseException"),
		"ListServiceQuotas":                  quotas(10),
		"ListHostedZonesByName":              {body: `<ListHostedZonesByNameResponse><HostedZones></HostedZones></ListHostedZonesByNameResponse>`},
		"ListTagsForResource":                tagged(nil),
		"ListObjectsV2":                      {404, `<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>`},
		"AssumeRole":                         {body: `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`},
		"ListRoles":                          roles(),
		"ListAliases":                        {body: `{"Aliases":[]}`},
		"ListAccountAliases":                 {body: `<ListAccountAliasesResponse><ListAccountAliasesResult><AccountAliases></AccountAliases></ListAccountAliasesResult></ListAccountAliasesResponse>`},
		"DescribeInstances":                  {body: `<DescribeInstancesResponse><reservationSet></reservationSet></DescribeInstancesResponse>`},
		"ListUsers":                          {body: `<ListUsersResponse><ListUsersResult><Users></Users></ListUsersResult></ListUsersResponse>`},
		"ListGroups":                         {body: `<ListGroupsResponse><ListGroupsResult><Groups></Groups></ListGroupsResult></ListGroupsResponse>`},
		"iam:ListPolicies":                   {body: `<ListPoliciesResponse><ListPoliciesResult><Policies></Policies></ListPoliciesResult></ListPoliciesResponse>`},
		"GetAccountPasswordPolicy":           failedXML(404, "NoSuchEntity"),
		"ListPolicies":                       failed(400, "AWSOrganizationsNotInUseException"),
		"DescribeTrails":                     {body: `{"trailList":[]}`},
		"GetParametersByPath":                {body: `{"Parameters":[]}`},
		"GetAnalyzer":                        failed(404, "ResourceNotFoundException"),
		"ListBuckets":                        {body: `<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>`},
		"GetPublicAccessBlock":               failedXML(404, "NoSuchPublicAccessBlockConfiguration"),
		"ListResourceRecordSets":             {body: `<ListResourceRecordSetsResponse><ResourceRecordSets></ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>`},
		"HEAD acme-master-state-" + masterID: {status: 404},
		"HEAD acme-prod-state-" + prodID:     {status: 404},
	}}
	aws := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(aws.Close)
	bin, err := filepath.Abs("testdata/bin")
	must(t, err)
	w.options = Options{Dir: home, Roots: []string{serveDNS(t, nil)}, Env: map[string]string{
		"PATH": bin, "PULUMI_HOME": home, "PULUMI_CREDENTIALS_PATH": home, "PULUMI_ACCESS_TOKEN": "",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "",
		"PULUMI_BACKEND_URL":                          "file://" + w.backend,
		"PULUMI_CONFIG_PASSPHRASE":                    "correct horse",
		"PULUMI_CONFIG_PASSPHRASE_FILE":               "",
		"AWS_ENDPOINT_URL":                            aws.URL,
		"AWS_ACCESS_KEY_ID":                           "test",
		"AWS_SECRET_ACCESS_KEY":                       "test",
	}}
	w.file(t, filepath.Join(home, "Pulumi.yaml"), "name: coldstart\nruntime: go\n")
	w.file(t, filepath.Join(home, "plugins/resource-aws-v"+pluginVersion+"/pulumi-resource-aws"), "")
	must(t, os.Mkdir(w.backend, 0o700))
	return w
}

func (w *world) file(t *testing.T, name, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o700))
	must(t, os.WriteFile(name, []byte(content), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func caller(arn string) answer {
	return answer{body: fmt.Sprintf(`<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account><Arn>%s</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`, masterID, arn)}
}

func summary(keys, factors int) answer {
	return answer{body: fmt.Sprintf(`<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap><entry><key>AccountAccessKeysPresent</key><value>%d</value></entry><entry><key>AccountMFAEnabled</key><value>%d</value></entry><entry><key>Roles</key><value>3</value></entry><entry><key>RolesQuota</key><value>1000</value></entry></SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>`, keys, factors)}
}

func rolesOf(there, quota int) answer {
	return answer{body: fmt.Sprintf(`<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap><entry><key>AccountMFAEnabled</key><value>1</value></entry><entry><key>Roles</key><value>%d</value></entry><entry><key>RolesQuota</key><value>%d</value></entry></SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>`, there, quota)}
}

func roles(names ...string) answer {
	return answer{body: `<ListRolesResponse><ListRolesResult><IsTruncated>false</IsTruncated><Roles><member><RoleName>` +
		strings.Join(names, `</RoleName></member><member><RoleName>`) + `</RoleName></member></Roles></ListRolesResult></ListRolesResponse>`}
}

func simulated(decision string) answer {
	return answer{body: fmt.Sprintf(`<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults><member><EvalActionName>iam:CreateRole</EvalActionName><EvalDecision>%s</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`, decision)}
}

func quotas(n int) answer {
	return answer{body: fmt.Sprintf(`{"Quotas":[{"QuotaName":"Other","Value":1},{"QuotaName":"Default maximum number of accounts","QuotaCode":"L-E619E033","Value":%d}]}`, n)}
}

func organized(master, features string) answer {
	return answer{body: fmt.Sprintf(`{"Organization":{"Id":"o-acme","MasterAccountId":%q,"MasterAccountEmail":"root@acme.example","FeatureSet":%q}}`, master, features)}
}

// member is an account as AWS lists it: with a State, and without the retired Status.
type member struct{ ID, Email, State string }

func listed(members ...member) answer { return listedAs("CREATED", members...) }

func listedAs(joined string, members ...member) answer {
	all := append([]member{{masterID, "root@acme.example", "ACTIVE"}}, members...)
	var accounts []map[string]string
	for _, m := range all {
		accounts = append(accounts, map[string]string{"Id": m.ID, "Email": m.Email, "State": m.State, "JoinedMethod": joined})
	}
	body, _ := json.Marshal(map[string]any{"Accounts": accounts}) // It can't fail.
	return answer{body: string(body)}
}

func hosted(ids ...string) answer {
	var zones strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&zones, `<HostedZone><Id>/hostedzone/%s</Id><Name>acme.example.</Name></HostedZone>`, id)
	}
	return answer{body: `<ListHostedZonesByNameResponse><HostedZones>` + zones.String() + `<HostedZone><Id>/hostedzone/Z9</Id><Name>other.example.</Name></HostedZone></HostedZones></ListHostedZonesByNameResponse>`}
}

// zoneOn is an answer with a zone on the given name servers.
func zoneOn(servers ...string) answer {
	return answer{body: `<GetHostedZoneResponse><HostedZone><Id>/hostedzone/Z1</Id><Name>acme.example.</Name></HostedZone><DelegationSet><NameServers><NameServer>` +
		strings.Join(servers, "</NameServer><NameServer>") + `</NameServer></NameServers></DelegationSet></GetHostedZoneResponse>`}
}

// serve answers in AWS's protocols.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Date", time.Now().Add(w.skew).UTC().Format(http.TimeFormat))
	operation, body := operationOf(r)
	if n := w.late[operation]; n != nil && n.Add(-1) >= 0 {
		_, _ = io.Copy(io.Discard, r.Body) // The server notices a closed connection only after it has read the body.
		<-r.Context().Done()
		return
	}
	a, known := w.answers[operation]
	if !known {
		a = failed(501, "NotImplemented")
		if body == "xml" {
			a = failedXML(501, "NotImplemented")
		}
	}
	rw.Header().Set("Content-Type", map[string]string{"json": "application/x-amz-json-1.1", "xml": "text/xml"}[body])
	if a.status != 0 {
		rw.WriteHeader(a.status)
	}
	_, _ = io.WriteString(rw, a.body)
}

// operationOf returns a request's operation, and the format of the answer: json or xml.
func operationOf(r *http.Request) (operation, body string) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, operation, _ = strings.Cut(target, ".")
		return operation, "json"
	}
	switch path := strings.Trim(r.URL.Path, "/"); {
	case r.Method == http.MethodHead:
		return "HEAD " + path, "xml"
	case r.URL.Query().Get("list-type") == "2":
		return "ListObjectsV2", "xml"
	case strings.HasSuffix(path, "hostedzonesbyname"):
		return "ListHostedZonesByName", "xml"
	case strings.Contains(path, "/tags/hostedzone/"):
		return "ListTagsForResource", "xml"
	case strings.HasSuffix(path, "/rrset"):
		return "ListResourceRecordSets", "xml"
	case strings.Contains(path, "/hostedzone/"):
		return "GetHostedZone", "xml"
	case strings.HasPrefix(path, "analyzer/"):
		return "GetAnalyzer", "json"
	case strings.Contains(path, "publicAccessBlock"):
		return "GetPublicAccessBlock", "xml"
	case r.URL.Query().Has("tagging"):
		return "GetBucketTagging", "xml"
	case r.Method == http.MethodGet && path == "" && r.URL.Query().Get("x-id") == "ListBuckets":
		return "ListBuckets", "xml"
	}
	content, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(content))
	if form.Get("Action") == "ListPolicies" { // AWS Organizations has an operation of the same name.
		return "iam:ListPolicies", "xml"
	}
	return form.Get("Action"), "xml"
}

// serveDNS starts a name server that plays two. To the first question it answers as a root
// server, and refers to itself for example. To later questions it answers as the server of
// example., and refers to the delegation of acme.example. It is authoritative for the root and
// for ns.test, to which a referral without addresses leads.
func serveDNS(t *testing.T, delegation []string) (address string) {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	var asked atomic.Int32
	server := &mdns.Server{PacketConn: packets, Handler: mdns.HandlerFunc(func(w mdns.ResponseWriter, q *mdns.Msg) {
		reply := new(mdns.Msg)
		reply.SetReply(q)
		ns := func(zone, host string) mdns.RR {
			return &mdns.NS{Hdr: mdns.RR_Header{Name: zone, Rrtype: mdns.TypeNS, Class: mdns.ClassINET, Ttl: 60}, Ns: host}
		}
		glue := &mdns.A{Hdr: mdns.RR_Header{Name: "ns.example.", Rrtype: mdns.TypeA, Class: mdns.ClassINET, Ttl: 60}, A: net.IPv4(127, 0, 0, 1)}
		name := q.Question[0].Name
		if name == "." || name == "ns.test." {
			reply.Authoritative = true
			if q.Question[0].Qtype == mdns.TypeA {
				glue.Hdr.Name, reply.Answer = name, []mdns.RR{glue}
			}
			_ = w.WriteMsg(reply)
			return
		}
		switch n := asked.Add(1); {
		case n == 1 && len(delegation) > 0 && delegation[0] == "glueless":
			reply.Ns = []mdns.RR{ns("example.", "ns.test.")}
		case n == 1:
			reply.Ns, reply.Extra = []mdns.RR{ns("example.", "ns.example.")}, []mdns.RR{glue}
		case len(delegation) == 0:
			reply.Rcode, reply.Authoritative = mdns.RcodeNameError, true
		case delegation[0] == "intercepted":
			reply.Rcode, reply.RecursionAvailable = mdns.RcodeNameError, true
		default:
			for _, host := range delegation {
				reply.Ns = append(reply.Ns, ns("acme.example.", mdns.Fqdn(host)))
			}
		}
		_ = w.WriteMsg(reply)
	})}
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() { _ = server.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = server.Shutdown() })
	return packets.LocalAddr().String()
}

// examine returns the findings by check. It fails the test if a finding isn't complete or isn't
// on one line.
func (w *world) examine(t *testing.T) map[string]Finding {
	t.Helper()
	byCheck := map[string]Finding{}
	for _, f := range Examine(t.Context(), w.org, w.options) {
		if _, twice := byCheck[f.Check]; twice {
			t.Errorf("two findings of %s", f.Check)
		}
		byCheck[f.Check] = f
		if f.Found == "" || strings.Contains(f.Found+f.Remedy, "\n") || f.Status == Failure && f.Remedy == "" {
			t.Errorf("amiss: %+v", f)
		}
	}
	return byCheck
}

// environment sets variables of the world's environment.
func (w *world) environment(changes map[string]string) { maps.Copy(w.options.Env, changes) }
