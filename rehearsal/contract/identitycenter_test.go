package contract_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/coldstart-aws/coldstart/rehearsal/contract"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

const (
	centerAdministrator = "111111111111"
	centerMember        = "222222222222"
	centerRegion        = "eu-west-1"
)

// centered is an emulator with an organization, and with the IAM of each account.
type centered struct {
	organization

	features string

	mu    sync.Mutex
	calls []string // of IAM that change something: account, action and parameters
	lacks []string // the ARNs of policies that no account has
	// refuses is an action that fails once.
	refuses string
}

func (e *centered) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		switch _, action, _ := strings.Cut(target, "."); action {
		case "DescribeOrganization":
			if e.features == "" {
				w.WriteHeader(http.StatusBadRequest)
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"Organization": map[string]any{"FeatureSet": e.features}})
		case "EnableAWSServiceAccess":
			e.trusted = append(e.trusted, "sso.amazonaws.com")
			_, _ = w.Write([]byte("{}"))
		default:
			e.organization.ServeHTTP(w, r)
		}
		return
	}
	_ = r.ParseForm()
	e.mu.Lock()
	defer e.mu.Unlock()
	action := r.Form.Get("Action")
	if slices.Contains(e.lacks, r.Form.Get("PolicyArn")) || action == e.refuses {
		e.refuses = ""
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if action != "GetPolicy" {
		call := []string{r.Header.Get("X-Moto-Account-Id"), action}
		for _, name := range []string{"Path", "RoleName", "MaxSessionDuration", "PolicyName", "PolicyArn", "PermissionsBoundary", "PolicyDocument", "Name"} {
			if value := r.Form.Get(name); value != "" {
				call = append(call, value)
			}
		}
		e.calls = append(e.calls, strings.Join(call, " "))
	}
	_, _ = w.Write([]byte("<R><CreateSAMLProviderResult><SAMLProviderArn>arn:aws:iam::1:saml-provider/AWSSSO_x_DO_NOT_DELETE</SAMLProviderArn></CreateSAMLProviderResult></R>"))
}

// since returns the calls of IAM since the last time.
func (e *centered) since() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := e.calls
	e.calls = nil
	return calls
}

// clock is a clock that a test moves on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1800000000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(10 * time.Second)
}

// centerTest is an organization in which IAM Identity Center can be enabled.
type centerTest struct {
	*centered
	*clock
	t        *testing.T
	world    *proxy.World
	kept     contract.Kept
	endpoint string
	instance string
	store    string
}

func newCenter(t *testing.T) *centerTest {
	t.Helper()
	c := &centerTest{
		t: t, clock: newClock(),
		centered: &centered{features: "ALL", organization: organization{accounts: []string{managementID, centerAdministrator, centerMember}}},
	}
	emulator := httptest.NewServer(c.centered)
	t.Cleanup(emulator.Close)
	target, err := url.Parse(emulator.URL)
	done(t, err)
	front := proxy.New(target, proxy.Options{Clock: c.clock, Rules: func(w *proxy.World) []proxy.Rule {
		for _, account := range []string{w.Management, centerAdministrator, centerMember} {
			w.Know(account, proxy.Principal{Account: account})
		}
		c.world, c.kept = w, contract.Keep(w)
		return []proxy.Rule{contract.New(w), c.kept}
	}})
	server := httptest.NewServer(front)
	t.Cleanup(server.Close)
	c.endpoint = server.URL
	return c
}

// enabled is newCenter with IAM Identity Center enabled, and an administrator that is known everywhere.
func enabledCenter(t *testing.T) *centerTest {
	t.Helper()
	c := newCenter(t)
	done(t, c.kept.EnableIdentityCenter(t.Context(), centerRegion))
	c.world.Delegate("sso.amazonaws.com", []string{centerAdministrator})
	c.pass()
	out, err := c.admin(managementID, centerRegion).ListInstances(t.Context(), nil)
	done(t, err)
	c.instance, c.store = *out.Instances[0].InstanceArn, *out.Instances[0].IdentityStoreId
	return c
}

func (c *centerTest) admin(account, region string) *ssoadmin.Client {
	return ssoadmin.New(ssoadmin.Options{
		Region: region, BaseEndpoint: &c.endpoint, Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
	})
}

// instances returns the number of instances that an account sees in a region.
func (c *centerTest) instances(account, region string) int {
	c.t.Helper()
	out, err := c.admin(account, region).ListInstances(c.t.Context(), nil)
	done(c.t, err)
	return len(out.Instances)
}

// permissionSet creates a permission set and returns its ARN.
func (c *centerTest) permissionSet(name string) string {
	c.t.Helper()
	out, err := c.admin(managementID, centerRegion).CreatePermissionSet(c.t.Context(), &ssoadmin.CreatePermissionSetInput{InstanceArn: &c.instance, Name: &name})
	done(c.t, err)
	return *out.PermissionSet.PermissionSetArn
}

// The organization's instance comes by the console alone, and its owner and its administrator see it in its region.
func TestIdentityCenterIsEnabled(t *testing.T) {
	t.Parallel()
	c := newCenter(t)
	_, err := c.admin(managementID, centerRegion).CreateInstance(t.Context(), nil)
	fails[*types.ValidationException](t, err, "within the organization management account")
	_, err = c.admin(centerMember, centerRegion).CreateInstance(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "NotImplemented") {
		t.Errorf("an account's own instance: %v", err)
	}
	is(t, "instances before", c.instances(managementID, centerRegion), 0)
	for _, features := range []string{"", "CONSOLIDATED_BILLING"} {
		c.features = features
		if err := c.kept.EnableIdentityCenter(t.Context(), centerRegion); err == nil || !strings.Contains(err.Error(), "organization") {
			t.Errorf("with features %q: %v", features, err)
		}
	}
	c.features = "ALL"
	done(t, c.kept.EnableIdentityCenter(t.Context(), centerRegion))
	is(t, "trusted access", strings.Join(c.trusted, " "), "sso.amazonaws.com")
	if err := c.kept.EnableIdentityCenter(t.Context(), "us-east-1"); err == nil || !strings.Contains(err.Error(), "eu-west-1 already") {
		t.Errorf("a second one: %v", err)
	}

	c.world.Delegate("sso.amazonaws.com", []string{centerAdministrator})
	is(t, "instances of a new administrator", c.instances(centerAdministrator, centerRegion), 0)
	c.pass()
	is(t, "instances of the administrator", c.instances(centerAdministrator, centerRegion), 1)
	is(t, "instances elsewhere", c.instances(managementID, "us-east-1"), 0)
	is(t, "instances of a member", c.instances(centerMember, centerRegion), 0)
	out, err := c.admin(managementID, centerRegion).ListInstances(t.Context(), nil)
	done(t, err)
	i := out.Instances[0]
	if *i.OwnerAccountId != managementID || i.Status != types.InstanceStatusActive || !strings.HasPrefix(*i.InstanceArn, "arn:aws:sso:::instance/ssoins-") || !strings.HasPrefix(*i.IdentityStoreId, "d-") {
		t.Errorf("it is %+v", i)
	}
	_, err = c.admin(managementID, centerRegion).DescribeInstance(t.Context(), &ssoadmin.DescribeInstanceInput{InstanceArn: i.InstanceArn})
	done(t, err)
	_, err = c.admin(centerMember, centerRegion).ListPermissionSets(t.Context(), &ssoadmin.ListPermissionSetsInput{InstanceArn: i.InstanceArn})
	fails[*types.AccessDeniedException](t, err, "neither owns")
	_, err = c.admin(managementID, "us-east-1").ListPermissionSets(t.Context(), &ssoadmin.ListPermissionSetsInput{InstanceArn: i.InstanceArn})
	fails[*types.ResourceNotFoundException](t, err, "not found in us-east-1")
}

func TestAttributesForAccessControl(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	admin, ctx := c.admin(centerAdministrator, centerRegion), t.Context()
	attributes := func(keys ...string) *types.InstanceAccessControlAttributeConfiguration {
		out := &types.InstanceAccessControlAttributeConfiguration{}
		for _, key := range keys {
			out.AccessControlAttributes = append(out.AccessControlAttributes, types.AccessControlAttribute{
				Key: aws.String(key), Value: &types.AccessControlAttributeValue{Source: []string{"${path:enterprise.costCenter}"}},
			})
		}
		return out
	}
	create := func(keys ...string) error {
		_, err := admin.CreateInstanceAccessControlAttributeConfiguration(ctx, &ssoadmin.CreateInstanceAccessControlAttributeConfigurationInput{
			InstanceArn: &c.instance, InstanceAccessControlAttributeConfiguration: attributes(keys...),
		})
		return err
	}
	update := func(keys ...string) error {
		_, err := admin.UpdateInstanceAccessControlAttributeConfiguration(ctx, &ssoadmin.UpdateInstanceAccessControlAttributeConfigurationInput{
			InstanceArn: &c.instance, InstanceAccessControlAttributeConfiguration: attributes(keys...),
		})
		return err
	}
	describe := func() (*ssoadmin.DescribeInstanceAccessControlAttributeConfigurationOutput, error) {
		return admin.DescribeInstanceAccessControlAttributeConfiguration(ctx, &ssoadmin.DescribeInstanceAccessControlAttributeConfigurationInput{InstanceArn: &c.instance})
	}
	_, err := describe()
	fails[*types.ResourceNotFoundException](t, err, "no attributes")
	fails[*types.ResourceNotFoundException](t, update("a"), "no attributes")
	fails[*types.ValidationException](t, create("a", "a"), "twice")
	done(t, create("a"))
	fails[*types.ConflictException](t, create("a"), "already")
	done(t, update("a", "b"))
	out, err := describe()
	if err != nil || len(out.InstanceAccessControlAttributeConfiguration.AccessControlAttributes) != 2 || out.Status != types.InstanceAccessControlAttributeConfigurationStatusEnabled {
		t.Errorf("they are %+v, %v", out, err)
	}
	for _, there := range []bool{true, false} {
		_, err = admin.DeleteInstanceAccessControlAttributeConfiguration(ctx, &ssoadmin.DeleteInstanceAccessControlAttributeConfigurationInput{InstanceArn: &c.instance})
		if there {
			done(t, err)
		}
	}
	fails[*types.ResourceNotFoundException](t, err, "no attributes")
}

// Lists come in pages.
func TestPermissionSetsComeInPages(t *testing.T) {
	t.Parallel()
	c := enabledCenter(t)
	for i := range 23 {
		c.permissionSet("set-" + strconv.Itoa(i))
	}
	admin := c.admin(managementID, centerRegion)
	for most, sizes := range map[int32][]int{0: {10, 10, 3}, 20: {20, 3}, 23: {23}} {
		in := &ssoadmin.ListPermissionSetsInput{InstanceArn: &c.instance}
		if most > 0 {
			in.MaxResults = &most
		}
		var got []int
		for pages := ssoadmin.NewListPermissionSetsPaginator(admin, in); pages.HasMorePages(); {
			page, err := pages.NextPage(context.Background())
			done(t, err)
			got = append(got, len(page.PermissionSets))
		}
		if !slices.Equal(got, sizes) {
			t.Errorf("pages of %d have %v, not %v", most, got, sizes)
		}
	}
	_, err := admin.ListPermissionSets(t.Context(), &ssoadmin.ListPermissionSetsInput{InstanceArn: &c.instance, NextToken: aws.String("x")})
	fails[*types.ValidationException](t, err, "token")
}
