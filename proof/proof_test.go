package proof

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// declared returns an organization with two members that declares something for every kind of
// proof.
func declared() *organization.Organization {
	return &organization.Organization{
		Namespace: "acme",
		Domain:    "acme.example",
		Region:    "us-west-2",
		Email:     "aws+%s@acme.example",
		Units:     map[string]organization.Unit{"security": {}},
		Accounts:  map[string]organization.Account{"audit": {Unit: "security"}, "prod": {}},
		Audit:     organization.Audit{Account: "audit", Trail: organization.TrailOrganization, RetentionDays: 365},
		DNS:       organization.DNS{Local: true},
		Settings: organization.Settings{
			PolicyTypes:             []string{organization.ServiceControlPolicy},
			DelegatedAdministrators: map[string]string{"sso.amazonaws.com": "audit"},
		},
		Access: organization.Access{
			Account:   organization.Master,
			MFAMaxAge: time.Hour,
			Roles: map[string]organization.Role{
				organization.RoleAdmin: {ManagedPolicies: []string{"AdministratorAccess"}, Session: time.Hour},
				"operator": {
					Statements: []policy.Statement{{Effect: policy.Allow, Action: []string{"ec2:RebootInstances"}, Resource: []string{"*"}}},
					Boundary:   []policy.Statement{{Effect: policy.Allow, Action: []string{"ec2:*"}, Resource: []string{"*"}}},
					Session:    time.Hour,
				},
			},
			Groups: map[string]map[string][]string{"operators": {organization.Every: {"operator"}}, "nobody": {"prod": {organization.RoleAdmin}}},
			GitHub: organization.GitHub{Repository: "acme/infrastructure", Branch: "main", Environment: "production"},
		},
		Users: map[string]organization.User{"ada": {Groups: []string{"operators"}, Keybase: "ada"}, "zoe": {}},
		Guardrails: organization.Guardrails{
			Defaults: true,
			Regions:  []string{"us-west-2"},
			Policies: map[string][]policy.Statement{"own": {{Effect: policy.Deny, Action: []string{"lightsail:*"}, Resource: []string{"*"}}}},
			Root:     []string{organization.DenyLeaving, organization.ProtectAccess, organization.ProtectAudit, "own"},
		},
		Baseline: organization.Baseline{
			Passwords:   organization.PasswordPolicy{MinimumLength: 16, Symbols: true, Reuse: 24, MaxAgeDays: 90},
			Contacts:    map[string]organization.Contact{"security": {Name: "Ada", Title: "CISO", Email: "security@acme.example", Phone: "1"}},
			DefaultVPCs: organization.RemoveDefaultVPCs,
		},
	}
}

// config returns a configuration whose clients call a test server.
func config(endpoint, region string) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// env are the variables with which Options reach a server in AWS's place.
func env(endpoint string) map[string]string {
	return map[string]string{"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
}

// identity answers sts:GetCallerIdentity like an emulator that accepts any credentials.
func identity(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Server", "emulator/1")
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
}

// empty answers like an account without an organization in which every other request is denied.
func empty(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if strings.Contains(string(body), "GetCallerIdentity") {
		identity(w, r)
		return
	}
	w.WriteHeader(http.StatusBadRequest)
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AWSOrganizations") {
		_, _ = io.WriteString(w, `{"__type":"AWSOrganizationsNotInUseException","Message":"no organization"}`)
		return
	}
	_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`)
}

func TestProveMakesTheSameClaimsOfNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(empty))
	t.Cleanup(server.Close)
	first, err := Prove(t.Context(), declared(), Options{Env: env(server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var accounts []string
	for _, p := range first.Proofs {
		claim := fmt.Sprintf("%s/%s: %s", p.Account, p.Subject, p.Claim)
		if seen[claim] {
			t.Errorf("claimed twice: %s", claim)
		}
		seen[claim] = true
		if p.Holds || p.Detail == "" {
			t.Errorf("%s: holds %t, detail %q", claim, p.Holds, p.Detail)
		}
		if len(accounts) == 0 || accounts[len(accounts)-1] != p.Account {
			accounts = append(accounts, p.Account)
		}
	}
	if diff := cmp.Diff([]string{"master", "audit", "prod"}, accounts); diff != "" {
		t.Errorf("order of accounts (-want +got):\n%s", diff)
	}
	for _, p := range first.Proofs {
		if !slices.ContainsFunc(Topics, func(topic Topic) bool { return slices.Contains(topic.Subjects, p.Subject) }) {
			t.Errorf("no topic has the subject %s", p.Subject)
		}
	}
	second, err := Prove(t.Context(), declared(), Options{Env: env(server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second time (-first +second):\n%s", diff)
	}
}

func TestProveSome(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(empty))
	t.Cleanup(server.Close)
	var told []string
	o := Options{Env: env(server.URL), Accounts: []string{"prod"}, OnProved: func(account string) { told = append(told, account) }}
	proofs, err := Prove(t.Context(), declared(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(proofs.Proofs) == 0 || slices.ContainsFunc(proofs.Proofs, func(p Proof) bool { return p.Account != "prod" }) {
		t.Errorf("not prod's: %v", proofs.Proofs)
	}
	if diff := cmp.Diff([]string{"prod"}, told); diff != "" {
		t.Error(diff)
	}
	o.Accounts = []string{"prod", "prd"}
	if _, err := Prove(t.Context(), declared(), o); !errorHas(err, "no account prd is declared: the accounts are master, audit, prod") {
		t.Error(err)
	}
}

func TestProveWithoutAWS(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>`)
	}))
	t.Cleanup(server.Close)
	_, err := Prove(t.Context(), declared(), Options{Env: env(server.URL)})
	if err == nil || !strings.Contains(err.Error(), "asking AWS whose credentials these are") {
		t.Errorf("error %v", err)
	}
}

func TestDetailLeavesOutRequests(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("reading: %w", &smithy.OperationError{
		ServiceID: "S3", OperationName: "GetBucketPolicy",
		Err: fmt.Errorf("StatusCode: 404, RequestID: 4711, %w", &smithy.GenericAPIError{Code: "NoSuchBucketPolicy", Message: "There is none"}),
	})
	if got := detail(err); got != "GetBucketPolicy: NoSuchBucketPolicy: There is none" {
		t.Errorf("detail %q", got)
	}
	if got := detail(errors.New("logging is off")); got != "logging is off" {
		t.Errorf("detail %q", got)
	}
}

func TestFindAccount(t *testing.T) {
	t.Parallel()
	member := func(id, email string, status orgtypes.AccountStatus) orgtypes.Account {
		return orgtypes.Account{Id: &id, Email: &email, Status: status}
	}
	d := &directory{members: []orgtypes.Account{
		member("1", "AWS+Prod@acme.example", orgtypes.AccountStatusActive),
		member("2", "aws+twice@acme.example", orgtypes.AccountStatusActive),
		member("3", "aws+twice@acme.example", orgtypes.AccountStatusActive),
		member("4", "aws+closed@acme.example", orgtypes.AccountStatusSuspended),
		member("5", "aws+again@acme.example", orgtypes.AccountStatusSuspended),
		member("6", "aws+again@acme.example", orgtypes.AccountStatusActive),
	}}
	for _, c := range []struct{ name, id, want, err string }{
		{name: "prod", want: "1"},
		{name: "prod", id: "1", want: "1"},
		{name: "prod", id: "9", err: "9 is declared"},
		{name: "twice", err: "2 accounts have the e-mail aws+twice@acme.example: 2, 3"},
		{name: "closed", err: "4 is SUSPENDED"},
		{name: "again", want: "6"},
		{name: "none", err: "no account has"},
	} {
		got, err := d.find("aws+"+c.name+"@acme.example", c.id)
		if got != c.want || !errorHas(err, c.err) {
			t.Errorf("%s %s: %q, %v", c.name, c.id, got, err)
		}
	}
}

func TestUnitID(t *testing.T) {
	t.Parallel()
	d := &directory{root: orgtypes.Root{Id: aws.String("r-1")}, units: map[string][]string{"one": {"ou-1"}, "two": {"ou-2", "ou-3"}}}
	for _, c := range []struct{ name, want, err string }{
		{"", "r-1", ""},
		{"one", "ou-1", ""},
		{"two", "", "there are 2 units two"},
		{"none", "", "there are 0 units none"},
	} {
		if got, err := d.unitID(c.name); got != c.want || !errorHas(err, c.err) {
			t.Errorf("%q: %q, %v", c.name, got, err)
		}
	}
	d.err = errors.New("denied")
	if _, err := d.unitID("one"); !errors.Is(err, d.err) {
		t.Errorf("error %v", err)
	}
}

func TestSameNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b []string
		want bool
	}{
		{[]string{"ns-1.example.", "NS-2.example"}, []string{"ns-2.example.", "ns-1.example"}, true},
		{[]string{`\052.local.acme.example.`}, []string{"*.local.acme.example"}, true},
		{[]string{"ns-1.example"}, []string{"ns-1.example", "ns-2.example"}, false},
		{[]string{"ns-1.example", "ns-3.example"}, []string{"ns-1.example", "ns-2.example"}, false},
		{nil, []string{"ns-1.example"}, false},
	} {
		if got := sameNames(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %t", c.a, c.b, got)
		}
	}
}

func TestCheckRecord(t *testing.T) {
	t.Parallel()
	set := func(name string, kind dnstypes.RRType, values ...string) dnstypes.ResourceRecordSet {
		s := dnstypes.ResourceRecordSet{Name: &name, Type: kind}
		for _, v := range values {
			s.ResourceRecords = append(s.ResourceRecords, dnstypes.ResourceRecord{Value: &v})
		}
		return s
	}
	good := set("prod.acme.example.", dnstypes.RRTypeNs, "ns-2.example.", "ns-1.example.")
	for name, c := range map[string]struct {
		records []dnstypes.ResourceRecordSet
		err     string
	}{
		"there":         {[]dnstypes.ResourceRecordSet{set("acme.example.", dnstypes.RRTypeNs, "ns-9.example."), good}, ""},
		"not there":     {nil, "has 0 NS record sets"},
		"another type":  {[]dnstypes.ResourceRecordSet{set("prod.acme.example.", dnstypes.RRTypeTxt, "ns-1.example.")}, "has 0 NS record sets"},
		"twice":         {[]dnstypes.ResourceRecordSet{good, good}, "has 2 NS record sets"},
		"to one server": {[]dnstypes.ResourceRecordSet{set("prod.acme.example.", dnstypes.RRTypeNs, "ns-1.example.")}, "and not ns-1.example, ns-2.example"},
	} {
		err := checkRecord(c.records, "prod.acme.example", dnstypes.RRTypeNs, []string{"ns-1.example", "ns-2.example"})
		if !errorHas(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBlocksAll(t *testing.T) {
	t.Parallel()
	yes := aws.Bool(true)
	all := &s3types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes}
	if err := blocksAll(all); err != nil {
		t.Error(err)
	}
	all.IgnorePublicAcls = nil
	if err := blocksAll(all); !errorHas(err, "not set: IgnorePublicAcls") {
		t.Error(err)
	}
	if err := blocksAll(nil); !errorHas(err, "BlockPublicAcls, BlockPublicPolicy") {
		t.Error(err)
	}
}

func TestEncryptsWith(t *testing.T) {
	t.Parallel()
	key := &kmstypes.KeyMetadata{Arn: aws.String("arn:aws:kms:us-west-2:1:key/k"), KeyId: aws.String("k")}
	by := func(algorithm s3types.ServerSideEncryption, id string) *s3types.ServerSideEncryptionConfiguration {
		return &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: algorithm, KMSMasterKeyID: &id},
		}}}
	}
	for _, c := range []struct {
		configuration *s3types.ServerSideEncryptionConfiguration
		err           string
	}{
		{by(s3types.ServerSideEncryptionAwsKms, "arn:aws:kms:us-west-2:1:key/k"), ""},
		{by(s3types.ServerSideEncryptionAwsKms, "k"), ""},
		{by(s3types.ServerSideEncryptionAwsKms, "arn:aws:kms:us-west-2:1:key/other"), "and not arn:aws:kms:us-west-2:1:key/k"},
		{by(s3types.ServerSideEncryptionAwsKms, ""), `the key ""`},
		{by(s3types.ServerSideEncryptionAes256, ""), "encrypted with AES256"},
		{nil, "no default encryption"},
	} {
		if err := encryptsWith(c.configuration, key); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

func TestIsDouble(t *testing.T) {
	t.Parallel()
	key := func(id, description string, state kmstypes.KeyState) *kmstypes.KeyMetadata {
		return &kmstypes.KeyMetadata{KeyId: &id, Description: &description, KeyState: state, KeyManager: kmstypes.KeyManagerTypeCustomer}
	}
	own := key("1", "acme-prod-state: state", kmstypes.KeyStateEnabled)
	for name, c := range map[string]struct {
		other *kmstypes.KeyMetadata
		want  bool
	}{
		"itself":        {own, false},
		"a double":      {key("2", "acme-prod-state: state", kmstypes.KeyStateEnabled), true},
		"on its way":    {key("2", "acme-prod-state: state", kmstypes.KeyStatePendingDeletion), false},
		"another's key": {key("2", "acme-prod-secrets: secrets", kmstypes.KeyStateEnabled), false},
	} {
		if got := isDouble(c.other, own); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestExpiresAfter(t *testing.T) {
	t.Parallel()
	rule := func(days int32, status s3types.ExpirationStatus, filter *s3types.LifecycleRuleFilter) s3types.LifecycleRule {
		return s3types.LifecycleRule{ID: aws.String("r"), Status: status, Filter: filter, Expiration: &s3types.LifecycleExpiration{Days: &days}}
	}
	const on, off = s3types.ExpirationStatusEnabled, s3types.ExpirationStatusDisabled
	for name, c := range map[string]struct {
		rules []s3types.LifecycleRule
		err   string
	}{
		"all":            {[]s3types.LifecycleRule{rule(365, on, nil)}, ""},
		"empty prefix":   {[]s3types.LifecycleRule{rule(365, on, &s3types.LifecycleRuleFilter{Prefix: aws.String("")})}, ""},
		"some":           {[]s3types.LifecycleRule{rule(365, on, &s3types.LifecycleRuleFilter{Prefix: aws.String("x/")})}, "no rule expires all"},
		"some, by tag":   {[]s3types.LifecycleRule{rule(365, on, &s3types.LifecycleRuleFilter{Tag: &s3types.Tag{}})}, "no rule expires all"},
		"off":            {[]s3types.LifecycleRule{rule(365, off, nil)}, "no rule expires all"},
		"sooner":         {[]s3types.LifecycleRule{rule(30, on, nil)}, "after 30 days"},
		"some of sooner": {[]s3types.LifecycleRule{rule(365, on, nil), rule(1, on, &s3types.LifecycleRuleFilter{Prefix: aws.String("x/")})}, "after 1 days"},
		"none":           {nil, "no rule expires all"},
	} {
		if err := expiresAfter(c.rules, 365); !errorHas(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLocksFor(t *testing.T) {
	t.Parallel()
	lock := func(mode s3types.ObjectLockRetentionMode, days int32) *s3types.ObjectLockConfiguration {
		return &s3types.ObjectLockConfiguration{
			ObjectLockEnabled: s3types.ObjectLockEnabledEnabled,
			Rule:              &s3types.ObjectLockRule{DefaultRetention: &s3types.DefaultRetention{Mode: mode, Days: &days}},
		}
	}
	for _, c := range []struct {
		configuration *s3types.ObjectLockConfiguration
		err           string
	}{
		{lock(s3types.ObjectLockRetentionModeCompliance, 30), ""},
		{lock(s3types.ObjectLockRetentionModeGovernance, 30), "in mode GOVERNANCE"},
		{lock(s3types.ObjectLockRetentionModeCompliance, 1), "for 1 days"},
		{&s3types.ObjectLockConfiguration{ObjectLockEnabled: s3types.ObjectLockEnabledEnabled}, "no object lock"},
		{nil, "no object lock"},
	} {
		if err := locksFor(c.configuration, 30); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

func TestIsOwnTrail(t *testing.T) {
	t.Parallel()
	trail := func(account, name string) trailtypes.Trail {
		return trailtypes.Trail{Name: &name, TrailARN: aws.String("arn:aws:cloudtrail:us-west-2:" + account + ":trail/" + name)}
	}
	for name, c := range map[string]struct {
		trail trailtypes.Trail
		want  bool
	}{
		"own":                {trail("111111111111", "acme-prod-trail"), true},
		"the organization's": {trail("222222222222", "acme-master-trail"), false},
		"somebody else's":    {trail("111111111111", "compliance"), false},
		"without an ARN":     {trailtypes.Trail{Name: aws.String("acme-prod-trail")}, false},
	} {
		if got := isOwnTrail(c.trail, "111111111111", "acme"); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	trail := func(region, global, organization bool) trailtypes.Trail {
		return trailtypes.Trail{IsMultiRegionTrail: &region, IncludeGlobalServiceEvents: &global, IsOrganizationTrail: &organization}
	}
	for _, c := range []struct {
		trail trailtypes.Trail
		every bool
		err   string
	}{
		{trail(true, true, true), true, ""},
		{trail(true, true, false), false, ""},
		{trail(true, true, false), true, "organization trail: false"},
		{trail(true, true, true), false, "organization trail: true"},
		{trail(false, true, true), true, "home region"},
		{trail(true, false, true), true, "global services"},
	} {
		if err := covers(c.trail, c.every); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

func TestWriters(t *testing.T) {
	t.Parallel()
	p := &prover{org: declared(), masterID: "111111111111", accounts: []*account{{id: "111111111111"}, {id: "222222222222"}}}
	want := writers{arn: "arn:aws:cloudtrail:us-west-2:111111111111:trail/acme-master-trail"}
	if got := p.writers(); !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
	p.org.Audit.Trail = organization.TrailAccount
	want = writers{"arn:aws:cloudtrail:us-west-2:*:trail/acme-*-trail", []string{"111111111111", "222222222222"}}
	if got := p.writers(); !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
}

// TestArchiveOfBefore checks that the settings of an earlier version's archive are named.
func TestArchiveOfBefore(t *testing.T) {
	t.Parallel()
	on := s3types.ServerSideEncryptionRule{BucketKeyEnabled: aws.Bool(true)}
	if err := hasNoBucketKey(&s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{on}}); !errorHas(err, "it has an S3 Bucket Key") {
		t.Error(err)
	}
	if err := hasNoBucketKey(&s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{{}}}); err != nil {
		t.Error(err)
	}
	rule := s3types.LifecycleRule{
		ID: aws.String("r"), Status: s3types.ExpirationStatusEnabled,
		NoncurrentVersionExpiration: &s3types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(30)},
	}
	if err := keepsVersions([]s3types.LifecycleRule{rule}, 90); !errorHas(err, "rule r removes old versions after 30 days") {
		t.Error(err)
	}
	if err := keepsVersions([]s3types.LifecycleRule{rule}, 30); err != nil {
		t.Error(err)
	}
}

func TestWatchesObjects(t *testing.T) {
	t.Parallel()
	equals := func(field, value string) trailtypes.AdvancedFieldSelector {
		return trailtypes.AdvancedFieldSelector{Field: &field, Equals: []string{value}}
	}
	management := trailtypes.AdvancedEventSelector{FieldSelectors: []trailtypes.AdvancedFieldSelector{equals("eventCategory", "Management")}}
	data := trailtypes.AdvancedEventSelector{FieldSelectors: []trailtypes.AdvancedFieldSelector{
		equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object"),
		{Field: aws.String("resources.ARN"), StartsWith: []string{"arn:aws:s3:::b/"}},
		{Field: aws.String("eventName"), NotEquals: []string{"PutObject"}},
	}}
	readsOnly := data
	readsOnly.FieldSelectors = append(slices.Clone(data.FieldSelectors), equals("readOnly", "true"))
	for want, selectors := range map[string][]trailtypes.AdvancedEventSelector{
		"":                                       {management, data},
		"it doesn't record access":               {management},
		"it doesn't record all management":       {data},
		"it doesn't record access to the":        {management, readsOnly},
		"it doesn't record all management event": nil,
	} {
		if err := watchesObjects(selectors, "arn:aws:s3:::b/"); !errorHas(err, want) {
			t.Errorf("%v, not %q", err, want)
		}
	}

	states := trailtypes.AdvancedEventSelector{FieldSelectors: []trailtypes.AdvancedFieldSelector{
		equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object"),
		{Field: aws.String("resources.ARN"), StartsWith: []string{"arn:aws:s3:::a-"}, NotStartsWith: []string{"arn:aws:s3:::a-logs-"}},
	}}
	writesOnly := states
	writesOnly.FieldSelectors = append(slices.Clone(states.FieldSelectors), equals("readOnly", "false"))
	for want, selectors := range map[string][]trailtypes.AdvancedEventSelector{
		"":                                {management, data, states},
		"it doesn't record all access to": {management, data, writesOnly},
		"it doesn't record all management events": {states},
	} {
		if err := watchesStates(selectors, "arn:aws:s3:::a-", "arn:aws:s3:::a-logs-"); !errorHas(err, want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
	if err := watchesStates([]trailtypes.AdvancedEventSelector{management, states}, "arn:aws:s3:::a-"); !errorHas(err, "and of no other bucket") {
		t.Errorf("without the bucket that it leaves out: %v", err)
	}
}

// TestZonesApart checks that two zones share no name server, however the servers' names are
// written.
func TestZonesApart(t *testing.T) {
	t.Parallel()
	p := &prover{apex: func() (apexZone, error) {
		return apexZone{zone: zone{nameServers: []string{"ns-1.awsdns-01.com", "ns-2.awsdns-02.net"}}}, nil
	}}
	for name, c := range map[string]struct {
		z    zone
		want string
	}{
		"their own":  {zone{"Z", []string{"ns-3.awsdns-01.com", "ns-4.awsdns-02.net"}}, ""},
		"one shared": {zone{"Z", []string{"ns-3.awsdns-01.com", "NS-2.awsdns-02.net."}}, "both are on ns-2.awsdns-02.net"},
		"no zone":    {zone{}, "there is no zone"},
	} {
		if err := p.checkApart("prod", "prod.acme.example", c.z); !errorHas(err, c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	err := p.checkApart("prod", "prod.acme.example", zone{"Z", []string{"ns-2.awsdns-02.net"}})
	if remedy := (&account{}).remedyOf("zone", err); !strings.Contains(remedy, "leaves the zone as it is") || !strings.Contains(remedy, "in the place of Z and") ||
		!strings.Contains(remedy, "`pulumi stack import --stack prod`), run `coldstart refresh prod` and `coldstart up prod`") {
		t.Errorf("the remedy is %q", remedy)
	}
	for _, same := range []bool{true, false} {
		p.sameServers = func() bool { return same }
		if got := p.sharedNameServers(); (got != "") != same {
			t.Errorf("%t: omitted is %q", same, got)
		}
	}
}

// errorHas reports whether err's text contains want. An empty want means that err must be nil.
func errorHas(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want)
}
