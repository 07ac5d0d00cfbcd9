package limits_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// fake is a fake emulator that answers what the rules ask.
type fake struct {
	mu       sync.Mutex
	accounts []map[string]any
	roles    map[string]string // trust policies by the role's ARN
	// attached has the ARNs of roles' managed policies, by the role's name; a role that isn't
	// in it has AdministratorAccess. inline has roles' inline policies by the role's name, and
	// managed the documents of managed policies by ARN.
	attached map[string][]string
	inline   map[string]string
	managed  map[string]string
	// boundaries has the ARNs of roles' permissions boundaries, by the role's name.
	boundaries map[string]string
	// durations has the most seconds of roles' sessions, by the role's name; an hour for others.
	durations map[string]int
	counts    map[string]int // how many IAM and CloudTrail list, by action or counter
	calls     map[string]int
	devices   []string // each user's MFA devices
	units     []string // as parent/name, such as r-1/name
	buckets   map[string]fakeBucket
	keys      map[string]fakeKey  // by ARN
	aliases   map[string][]string // by key
	// services have trusted access. admins are CloudTrail's delegated administrators.
	services, admins []string
	trails           map[string]any // the bodies of CreateTrail requests by the trail's name
	shown            []any          // the trails that DescribeTrails returns to every request
	groups           []string       // the names of log groups
	recorder         map[string]any // AWS Config's recorder; nil for none
	// If entered isn't nil, AttachPolicy and changes of a hosted zone are held up: the call
	// sends its action to entered when it arrives, and waits for leave.
	entered chan string
	leave   chan struct{}
}

// fakeBucket is a bucket.
type fakeBucket struct {
	policy, region string
	bucketKey      bool
	key            string // the ARN of the key that encrypts its objects
	lock           string // its Object Lock configuration
}

// fakeKey is a KMS key for trails.
type fakeKey struct{ policy, state string }

func newFake() *fake {
	f := &fake{
		roles: map[string]string{}, counts: map[string]int{}, calls: map[string]int{},
		attached: map[string][]string{}, inline: map[string]string{}, managed: map[string]string{},
		buckets: map[string]fakeBucket{}, keys: map[string]fakeKey{}, trails: map[string]any{},
	}
	f.add("123456789012", "master@corp.example")
	return f
}

func (f *fake) add(id, email string) {
	f.accounts = append(f.accounts, map[string]any{"Id": id, "Email": email, "Status": "ACTIVE"})
}

func (f *fake) called(action string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[action]
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	target := r.Header.Get("X-Amz-Target")
	action := target[strings.LastIndexByte(target, '.')+1:] + form.Get("Action")
	if action == "" {
		action = r.Method + " " + r.URL.Path
	}
	f.mu.Lock()
	f.calls[action]++
	hold := f.entered != nil && (action == "AttachPolicy" || strings.HasPrefix(action, "POST /2013-04-01/hostedzone/"))
	f.mu.Unlock()
	if hold {
		select {
		case f.entered <- action:
			<-f.leave
		case <-r.Context().Done(): // The test doesn't expect this call.
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case target != "":
		f.json(w, action, body)
	case form.Get("Action") != "":
		f.query(w, r, form)
	case r.Method == http.MethodGet && f.bucket(w, r):
	default:
		f.zones(w, action)
	}
}

// bucket answers requests for a bucket's settings.
func (f *fake) bucket(w http.ResponseWriter, r *http.Request) bool {
	b, ok := f.buckets[strings.Trim(r.URL.Path, "/")]
	switch query := r.URL.Query(); {
	case query.Has("policy") && ok && b.policy != "":
		fmt.Fprint(w, b.policy)
	case query.Has("location") && ok:
		fmt.Fprintf(w, "<LocationConstraint>%s</LocationConstraint>", b.region)
	case query.Has("encryption") && ok && (b.bucketKey || b.key != ""):
		byKey := ""
		if b.key != "" {
			byKey = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>" + b.key + "</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>"
		}
		fmt.Fprintf(w, "<ServerSideEncryptionConfiguration><Rule>%s<BucketKeyEnabled>%t</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>", byKey, b.bucketKey)
	case query.Has("object-lock") && ok && b.lock != "":
		fmt.Fprintf(w, "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>%s</ObjectLockConfiguration>", b.lock)
	case query.Has("policy") || query.Has("location") || query.Has("encryption") || query.Has("object-lock"):
		w.WriteHeader(http.StatusNotFound)
	default:
		return false
	}
	return true
}

func (f *fake) json(w http.ResponseWriter, action string, body []byte) {
	var in map[string]any
	_ = json.Unmarshal(body, &in)
	out := map[string]any{}
	switch action {
	case "DescribePolicy":
		out["Policy"] = map[string]any{
			"PolicySummary": map[string]any{"Type": "SERVICE_CONTROL_POLICY"},
			"Content":       `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
		}
	case "ListPoliciesForTarget": // AWS attaches FullAWSAccess to all targets.
		if in["Filter"] == "SERVICE_CONTROL_POLICY" {
			out["Policies"] = []any{map[string]any{"Id": "p-FullAWSAccess", "Name": "FullAWSAccess"}}
		}
	case "ListParents":
		out["Parents"] = []any{map[string]any{"Id": "r-1"}}
	case "ListRoots":
		out["Roots"] = []any{map[string]any{"Id": "r-1", "PolicyTypes": []any{map[string]any{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}}}}
	case "DescribeOrganization":
		out["Organization"] = map[string]any{"Id": "o-1"}
	case "ListAccounts":
		out["Accounts"] = f.accounts
	case "CreateAccount":
		id := fmt.Sprintf("%012d", len(f.accounts))
		f.add(id, in["Email"].(string))
		out["CreateAccountStatus"] = map[string]any{"Id": "car-fake", "AccountId": id, "State": "SUCCEEDED"}
	case "ListCreateAccountStatus":
		statuses := []any{}
		for _, a := range f.accounts {
			statuses = append(statuses, map[string]any{"Id": "car-fake", "AccountId": a["Id"], "State": "SUCCEEDED"})
		}
		out["CreateAccountStatuses"] = statuses
	case "CreateOrganizationalUnit":
		f.units = append(f.units, in["ParentId"].(string)+"/"+in["Name"].(string))
		out["OrganizationalUnit"] = map[string]any{"Name": in["Name"]}
	case "ListOrganizationalUnitsForParent": // Each page has one unit.
		token, _ := in["NextToken"].(string)
		for i := len(token); i < len(f.units); i++ {
			if name, ok := strings.CutPrefix(f.units[i], in["ParentId"].(string)+"/"); ok {
				out["OrganizationalUnits"] = []any{map[string]any{"Id": f.units[i], "Name": name}}
				out["NextToken"] = strings.Repeat("t", i+1)
				break
			}
		}
	case "DescribeTrails":
		out["trailList"] = make([]struct{}, f.counts[action])
		if len(f.shown) > 0 {
			out["trailList"] = f.shown
		}
	case "CreateTrail":
		f.trails[in["Name"].(string)] = in
	case "GetTrail":
		out["Trail"] = f.trails[in["Name"].(string)]
	case "ListAWSServiceAccessForOrganization":
		out["EnabledServicePrincipals"] = members("ServicePrincipal", f.services)
	case "ListDelegatedAdministrators":
		out["DelegatedAdministrators"] = members("Id", f.admins)
	case "ListAliases":
		out["Aliases"] = members("AliasName", f.aliases[in["KeyId"].(string)])
	case "PutKeyPolicy":
		f.keys[in["KeyId"].(string)] = fakeKey{in["Policy"].(string), "Enabled"}
	case "DescribeConfigurationRecorders":
		if f.recorder != nil {
			out["ConfigurationRecorders"] = []any{f.recorder}
		}
	case "DescribeLogGroups":
		out["logGroups"] = members("logGroupName", f.groups)
	case "DescribeKey", "GetKeyPolicy":
		id := in["KeyId"].(string)
		for key, aliases := range f.aliases {
			if slices.Contains(aliases, id) {
				id = key
			}
		}
		key, ok := f.keys[id]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		out["KeyMetadata"] = map[string]any{"Arn": id, "KeyId": id, "KeyState": key.state}
		out["Policy"] = key.policy
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

func members(name string, values []string) (list []any) {
	for _, v := range values {
		list = append(list, map[string]any{name: v})
	}
	return list
}

func (f *fake) query(w http.ResponseWriter, r *http.Request, form url.Values) {
	action := form.Get("Action")
	result := ""
	switch action {
	case "GetRole":
		arn, trust := f.roleOf(r.Header.Get("X-Moto-Account-Id"), form.Get("RoleName"))
		if arn == "" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		boundary := ""
		if bound := f.boundaries[form.Get("RoleName")]; bound != "" {
			boundary = "<PermissionsBoundary><PermissionsBoundaryArn>" + bound + "</PermissionsBoundaryArn></PermissionsBoundary>"
		}
		result = "<Role><Arn>" + arn + "</Arn><AssumeRolePolicyDocument>" + url.QueryEscape(trust) + "</AssumeRolePolicyDocument>" + boundary +
			"<MaxSessionDuration>" + strconv.Itoa(cmp.Or(f.durations[form.Get("RoleName")], 3600)) + "</MaxSessionDuration></Role>"
	case "CreateRole":
		arn := "arn:aws:iam::" + r.Header.Get("X-Moto-Account-Id") + ":role" + cmp.Or(form.Get("Path"), "/") + form.Get("RoleName")
		if r.Header.Get("X-Moto-Account-Id") != "" { // A rule creates it.
			f.roles[arn] = form.Get("AssumeRolePolicyDocument")
		}
		result = "<Role><Arn>" + arn + "</Arn><RoleName>" + form.Get("RoleName") + "</RoleName></Role>"
	case "AssumeRole", "AssumeRoleWithWebIdentity":
		arn := form.Get("RoleArn")
		result = "<Credentials><AccessKeyId>KEY-" + strings.NewReplacer(":", "-", "/", "-").Replace(arn) + "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration></Credentials>" +
			"<AssumedRoleUser><Arn>" + strings.Replace(arn, "iam", "sts", 1) + "/session</Arn></AssumedRoleUser>"
	case "ListAttachedRolePolicies", "ListRolePolicies", "GetPolicy", "GetPolicyVersion", "GetRolePolicy":
		result = f.policies(form)
	case "GetOpenIDConnectProvider": // Each account has a provider for https://i.example.
		if !strings.HasSuffix(form.Get("OpenIDConnectProviderArn"), ":oidc-provider/i.example") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		result = "<ClientIDList><member>sts.amazonaws.com</member></ClientIDList>"
	case "ListGroupsForUser":
		result = "<Groups>" + strings.Repeat("<member><GroupName>g</GroupName></member>", f.counts[action]) + "</Groups>"
	case "ListAttachedGroupPolicies", "ListAttachedUserPolicies":
		result = strings.Repeat("<member><PolicyName>p</PolicyName></member>", f.counts[action])
		if arns, ok := f.attached[form.Get("UserName")]; action == "ListAttachedUserPolicies" && f.counts[action] == 0 {
			if !ok {
				arns = []string{"arn:aws:iam::aws:policy/AdministratorAccess"}
			}
			for _, arn := range arns {
				result += "<member><PolicyName>p</PolicyName><PolicyArn>" + arn + "</PolicyArn></member>"
			}
		}
		result = "<AttachedPolicies>" + result + "</AttachedPolicies>"
	case "ListMFADevices":
		for _, device := range f.devices {
			result += "<member><SerialNumber>" + device + "</SerialNumber></member>"
		}
		result = "<MFADevices>" + result + "</MFADevices>"
	case "CreateAccessKey":
		result = "<AccessKey><AccessKeyId>AKIA-" + form.Get("UserName") + "</AccessKeyId><UserName>" + form.Get("UserName") + "</UserName></AccessKey>"
	case "GetSessionToken":
		result = fmt.Sprintf("<Credentials><AccessKeyId>ASIA-%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration></Credentials>", f.calls["GetSessionToken"])
	case "GetAccountSummary":
		for _, counter := range []string{"Users", "Groups", "Roles"} {
			result += fmt.Sprintf("<entry><key>%s</key><value>%d</value></entry>", counter, f.counts[counter])
		}
		result = "<SummaryMap>" + result + "</SummaryMap>"
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", action, result)
}

// roleOf returns the ARN and the trust policy of a role, which may have a path; empty if there is no such role.
func (f *fake) roleOf(account, name string) (arn, trust string) {
	for arn, trust := range f.roles {
		if path, ok := strings.CutPrefix(arn, "arn:aws:iam::"+account+":role"); ok && strings.HasSuffix(path, "/"+name) {
			return arn, trust
		}
	}
	return "", ""
}

// policies answers IAM's actions that read the policies of roles.
func (f *fake) policies(form url.Values) (result string) {
	role := form.Get("RoleName")
	attached, ok := f.attached[role]
	if !ok {
		attached = []string{"arn:aws:iam::aws:policy/AdministratorAccess"}
	}
	switch form.Get("Action") {
	case "ListAttachedRolePolicies":
		for i := range max(len(attached), f.counts["ListAttachedRolePolicies"]) {
			result += "<member><PolicyName>p</PolicyName><PolicyArn>" + attached[min(i, len(attached)-1)] + "</PolicyArn></member>"
		}
		return "<AttachedPolicies>" + result + "</AttachedPolicies>"
	case "ListRolePolicies":
		if f.inline[role] != "" {
			result = "<member>p</member>"
		}
		return "<PolicyNames>" + result + "</PolicyNames>"
	case "GetRolePolicy":
		return "<PolicyDocument>" + url.QueryEscape(f.inline[role]) + "</PolicyDocument>"
	case "GetPolicy":
		return "<Policy><DefaultVersionId>v2</DefaultVersionId></Policy>"
	}
	document := f.managed[form.Get("PolicyArn")]
	if document == "" {
		document = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	}
	return "<PolicyVersion><Document>" + url.QueryEscape(document) + "</Document></PolicyVersion>"
}

const motoNames = `<NameServers><NameServer>ns-2048.awsdns-64.com</NameServer><NameServer>ns-2049.awsdns-65.net</NameServer><NameServer>ns-2050.awsdns-66.org</NameServer><NameServer>ns-2051.awsdns-67.co.uk</NameServer></NameServers>`

// zones is a Route 53 with the delegation sets N1 and N2, the zone Z1 on N1, and the zone Z3 on no
// set.
func (f *fake) zones(w http.ResponseWriter, action string) {
	const records = `<ResourceRecordSets><ResourceRecordSet><Name>z.example.</Name><Type>NS</Type><TTL>1</TTL><ResourceRecords>` +
		`<ResourceRecord><Value>ns-2048.awsdns-64.com</Value></ResourceRecord><ResourceRecord><Value>ns-2049.awsdns-65.net</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></ResourceRecordSets>`
	set := func(id string) string {
		if id != "" {
			id = "<Id>" + id + "</Id>"
		}
		return "<DelegationSet>" + id + motoNames + "</DelegationSet>"
	}
	body := map[string]string{
		"POST /2013-04-01/delegationset": "<R>" + set("/delegationset/N1") + "</R>",
		"GET /2013-04-01/delegationset":  "<R><DelegationSets>" + set("N1") + set("N2") + "</DelegationSets></R>",
		"GET /2013-04-01/hostedzone/Z1":  "<R><HostedZone><Id>/hostedzone/Z1</Id></HostedZone>" + set("N1") + "</R>",
		"GET /2013-04-01/hostedzone/Z3":  "<R><HostedZone><Id>/hostedzone/Z3</Id></HostedZone>" + set("") + "</R>",
	}[action]
	switch {
	case strings.HasSuffix(action, "/rrset"):
		body = "<R>" + records + "</R>"
	case body == "":
		body = "<R><ChangeInfo><Id>C</Id></ChangeInfo></R>"
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprint(w, body)
}
