package contract_test

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/aws/smithy-go"
)

// hub calls Security Hub as an account, in a region.
type hub struct {
	t *testing.T
	*securityhub.Client
}

const (
	home       = "eu-west-1"
	other      = "us-east-1"
	delegateID = "111111111111"
	memberID   = "222222222222"
)

// hubs returns clients of Security Hub by account and region. An hour of AWS's passes in a second.
func hubs(t *testing.T, o *organization) func(account, region string) hub {
	t.Helper()
	front := keeping(t, o, 3600)
	return func(account, region string) hub {
		return hub{t, securityhub.New(securityhub.Options{
			Region: region, BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		})}
	}
}

// settled waits for 18 s of AWS's.
func settled() { time.Sleep(5 * time.Millisecond) }

func (h hub) enable() error {
	_, err := h.EnableSecurityHub(h.t.Context(), &securityhub.EnableSecurityHubInput{EnableDefaultStandards: aws.Bool(false)})
	return err
}

func (h hub) disable() error {
	_, err := h.DisableSecurityHub(h.t.Context(), nil)
	return err
}

func (h hub) appoint(id string) error {
	_, err := h.EnableOrganizationAdminAccount(h.t.Context(), &securityhub.EnableOrganizationAdminAccountInput{AdminAccountId: &id})
	return err
}

func (h hub) dismiss(id string) error {
	_, err := h.DisableOrganizationAdminAccount(h.t.Context(), &securityhub.DisableOrganizationAdminAccountInput{AdminAccountId: &id})
	return err
}

func (h hub) link(mode string, regions ...string) (string, error) {
	out, err := h.CreateFindingAggregator(h.t.Context(), &securityhub.CreateFindingAggregatorInput{RegionLinkingMode: &mode, Regions: regions})
	if err != nil {
		return "", err
	}
	return *out.FindingAggregatorArn, nil
}

func (h hub) unlink(arn string) error {
	_, err := h.DeleteFindingAggregator(h.t.Context(), &securityhub.DeleteFindingAggregatorInput{FindingAggregatorArn: &arn})
	return err
}

func (h hub) configure(kind types.OrganizationConfigurationConfigurationType) error {
	_, err := h.UpdateOrganizationConfiguration(h.t.Context(), &securityhub.UpdateOrganizationConfigurationInput{
		AutoEnable: aws.Bool(false), AutoEnableStandards: types.AutoEnableStandardsNone,
		OrganizationConfiguration: &types.OrganizationConfiguration{ConfigurationType: kind},
	})
	return err
}

func content(standards ...string) *types.PolicyMemberSecurityHub {
	return &types.PolicyMemberSecurityHub{Value: types.SecurityHubPolicy{
		ServiceEnabled: aws.Bool(true), EnabledStandardIdentifiers: append([]string{}, standards...),
		SecurityControlsConfiguration: &types.SecurityControlsConfiguration{DisabledSecurityControlIdentifiers: []string{}},
	}}
}

func (h hub) policy(name string, content types.Policy) (string, error) {
	out, err := h.CreateConfigurationPolicy(h.t.Context(), &securityhub.CreateConfigurationPolicyInput{Name: &name, ConfigurationPolicy: content})
	if err != nil {
		return "", err
	}
	return *out.Id, nil
}

func (h hub) unpolicy(id string) error {
	_, err := h.DeleteConfigurationPolicy(h.t.Context(), &securityhub.DeleteConfigurationPolicyInput{Identifier: &id})
	return err
}

func target(id string) types.Target {
	switch {
	case strings.HasPrefix(id, "r-"):
		return &types.TargetMemberRootId{Value: id}
	case strings.HasPrefix(id, "ou-"):
		return &types.TargetMemberOrganizationalUnitId{Value: id}
	}
	return &types.TargetMemberAccountId{Value: id}
}

func (h hub) associate(policyID, targetID string) error {
	_, err := h.StartConfigurationPolicyAssociation(h.t.Context(), &securityhub.StartConfigurationPolicyAssociationInput{ConfigurationPolicyIdentifier: &policyID, Target: target(targetID)})
	return err
}

func (h hub) dissociate(policyID, targetID string) error {
	_, err := h.StartConfigurationPolicyDisassociation(h.t.Context(), &securityhub.StartConfigurationPolicyDisassociationInput{ConfigurationPolicyIdentifier: &policyID, Target: target(targetID)})
	return err
}

// status returns how a target's association is, and whether it is the target's own.
func (h hub) status(id string) string {
	h.t.Helper()
	out, err := h.GetConfigurationPolicyAssociation(h.t.Context(), &securityhub.GetConfigurationPolicyAssociationInput{Target: target(id)})
	if err != nil {
		h.t.Fatal(err)
	}
	return string(out.AssociationType) + " " + string(out.AssociationStatus)
}

func (h hub) subscribed() error {
	_, err := h.DescribeHub(h.t.Context(), nil)
	return err
}

func (h hub) standards() (arns []string) {
	h.t.Helper()
	out, err := h.GetEnabledStandards(h.t.Context(), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, s := range out.StandardsSubscriptions {
		arns = append(arns, *s.StandardsArn)
	}
	return arns
}

const foundational = "arn:aws:securityhub:eu-west-1::standards/aws-foundational-security-best-practices/v/1.0.0"

// TestHubs makes, changes and deletes a hub.
func TestHubs(t *testing.T) {
	t.Parallel()
	h := hubs(t, &organization{})(memberID, home)
	fails[*types.InvalidAccessException](t, h.subscribed(), "Account 222222222222 is not subscribed to AWS Security Hub")
	must(t, h.enable())
	fails[*types.ResourceConflictException](t, h.enable(), "already subscribed")
	_, err := h.UpdateSecurityHubConfiguration(t.Context(), &securityhub.UpdateSecurityHubConfigurationInput{AutoEnableControls: aws.Bool(false), ControlFindingGenerator: types.ControlFindingGeneratorStandardControl})
	must(t, err)
	got, err := h.DescribeHub(t.Context(), nil)
	must(t, err)
	if *got.HubArn != "arn:aws:securityhub:eu-west-1:222222222222:hub/default" || *got.AutoEnableControls || got.ControlFindingGenerator != types.ControlFindingGeneratorStandardControl {
		t.Errorf("it is %+v", got)
	}
	if found := h.standards(); len(found) > 0 {
		t.Errorf("its standards are %s", found)
	}
	must(t, h.disable())
	_, err = h.EnableSecurityHub(t.Context(), nil)
	must(t, err)
	if found := h.standards(); len(found) != 2 {
		t.Errorf("the default standards are %s", found)
	}
}

// TestMessagesOfSecurityHub: the errors of its model have Message, where other services of its protocol have message. The SDK that the AWS
// plugin is built with reads no other.
func TestMessagesOfSecurityHub(t *testing.T) {
	t.Parallel()
	front := keeping(t, &organization{}, 1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.Endpoint()+"/accounts", nil)
	must(t, err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+memberID+"/20260101/"+home+"/securityhub/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != http.StatusUnauthorized || !strings.Contains(string(body), `"Message":"Account 222222222222 is not subscribed to AWS Security Hub"`) {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// TestSecurityHubOfTheOrganization turns central configuration on, in AWS's order, and off again. Each step is refused before the one
// that it takes.
func TestSecurityHubOfTheOrganization(t *testing.T) {
	t.Parallel()
	o := &organization{accounts: []string{managementID, delegateID}, inUnit: []string{memberID}}
	in := hubs(t, o)
	master, delegate := in(managementID, home), in(delegateID, home)
	fails[*types.AccessDeniedException](t, master.appoint(delegateID), "service access")
	o.trusted = []string{"securityhub.amazonaws.com"}
	fails[*types.AccessDeniedException](t, delegate.appoint(delegateID), "not the management account")
	fails[*types.InvalidInputException](t, master.appoint("333333333333"), "not a member account")
	fails[*types.InvalidInputException](t, master.appoint(managementID), "not a member account")
	fails[*types.InvalidAccessException](t, delegate.configure("CENTRAL"), "not subscribed")
	must(t, delegate.enable())
	fails[*types.InvalidAccessException](t, delegate.configure("CENTRAL"), "is not an administrator for this organization")
	must(t, master.enable())
	must(t, master.appoint(delegateID))
	must(t, master.appoint(delegateID))
	fails[*types.InvalidInputException](t, master.appoint(memberID), "already the administrator")
	fails[*types.InvalidInputException](t, delegate.configure("CENTRAL"), "Finding Aggregator must be created")
	arn, err := delegate.link("SPECIFIED_REGIONS", other)
	must(t, err)
	_, err = delegate.link("NO_REGIONS")
	fails[*types.InvalidInputException](t, err, "already exists")
	settled()
	_, err = delegate.policy("all", content())
	fails[*types.AccessDeniedException](t, err, "Central Configuration enabled")
	must(t, delegate.configure("CENTRAL"))
	settled()
	must(t, in(delegateID, other).subscribed()) // AWS made its hub, and made it the administrator there.
	_, err = in(delegateID, other).policy("all", content())
	fails[*types.AccessDeniedException](t, err, "only be called from the aggregation region")

	all, err := delegate.policy("all", content())
	must(t, err)
	_, err = delegate.policy("all", content())
	fails[*types.ResourceConflictException](t, err, "already exists")
	must(t, delegate.associate(all, rootID))
	settled()
	if is := []string{delegate.status(rootID), delegate.status(unitID), delegate.status(memberID)}; !slices.Equal(is, []string{"APPLIED SUCCESS", "INHERITED SUCCESS", "INHERITED SUCCESS"}) {
		t.Errorf("the associations are %s", is)
	}
	for _, region := range []string{home, other} {
		must(t, in(memberID, region).subscribed())
	}
	fails[*types.InvalidAccessException](t, in(memberID, "eu-central-1").subscribed(), "not subscribed")
	fails[*types.AccessDeniedException](t, in(memberID, home).enable(), "associated with a central configuration policy")
	fails[*types.AccessDeniedException](t, in(memberID, home).disable(), "associated with a central configuration policy")

	fails[*types.InvalidInputException](t, master.dismiss(delegateID), "disable central configuration")
	fails[*types.InvalidInputException](t, delegate.unlink(arn), "disable central configuration")
	fails[*types.InvalidInputException](t, delegate.configure("LOCAL"), "delete all configuration policies")
	fails[*types.ResourceConflictException](t, delegate.unpolicy(all), "is associated with r-root")
	must(t, delegate.dissociate(all, rootID))
	fails[*types.ResourceNotFoundException](t, delegate.dissociate(all, rootID), "isn't associated")
	settled()
	must(t, delegate.unpolicy(all))
	must(t, delegate.configure("LOCAL"))
	must(t, delegate.unlink(arn))
	fails[*smithy.GenericAPIError](t, delegate.disable(), "InvalidInputException: Cannot disable Security Hub on the Security Hub administrator")
	must(t, master.dismiss(delegateID))
	must(t, delegate.disable())
	// The member stays as it is, and the linked region has its administrator.
	must(t, in(memberID, home).subscribed())
	fails[*smithy.GenericAPIError](t, in(memberID, other).disable(), "InvalidInputException: Cannot disable Security Hub on a member account")
	fails[*types.InvalidInputException](t, master.appoint(memberID), "is the administrator of this organization in another region")
	must(t, in(managementID, other).dismiss(delegateID))
	must(t, in(memberID, other).disable())
}

// TestHubPolicies gives units and accounts standards.
func TestHubPolicies(t *testing.T) {
	t.Parallel()
	o := &organization{accounts: []string{managementID, delegateID}, inUnit: []string{memberID}, trusted: []string{"securityhub.amazonaws.com"}}
	in := hubs(t, o)
	must(t, in(managementID, home).enable())
	delegate := central(t, in)
	_, err := delegate.policy("none", &types.PolicyMemberSecurityHub{Value: types.SecurityHubPolicy{ServiceEnabled: aws.Bool(true)}})
	fails[*types.InvalidInputException](t, err, "Invalid semantics")
	_, err = delegate.policy("elsewhere", content(strings.Replace(foundational, home, other, 1)))
	fails[*types.InvalidInputException](t, err, "is not a standard of region eu-west-1")
	all, err := delegate.policy("all", content())
	must(t, err)
	judged, err := delegate.policy("judged", content(foundational))
	must(t, err)
	must(t, delegate.associate(all, rootID))
	must(t, delegate.associate(judged, unitID))
	fails[*types.ResourceNotFoundException](t, delegate.associate(judged, "ou-root-22222222"), "was not found")
	settled()
	// The standards take AWS Config, which records nowhere yet; a root fails with what is below it.
	if is := []string{delegate.status(rootID), delegate.status(unitID), delegate.status(memberID), delegate.status(delegateID)}; !slices.Equal(is, []string{"APPLIED FAILED", "APPLIED FAILED", "INHERITED FAILED", "INHERITED SUCCESS"}) {
		t.Errorf("the associations are %s", is)
	}
	o.recording = []string{memberID}
	if is := []string{delegate.status(rootID), delegate.status(unitID)}; !slices.Equal(is, []string{"APPLIED SUCCESS", "APPLIED SUCCESS"}) {
		t.Errorf("the associations are %s", is)
	}
	if found := in(memberID, home).standards(); !slices.Equal(found, []string{foundational}) {
		t.Errorf("the member's standards are %s", found)
	}
	if found := in(memberID, other).standards(); !slices.Equal(found, []string{strings.Replace(foundational, home, other, 1)}) {
		t.Errorf("the member's standards are %s in the linked region", found)
	}
	if found := in(delegateID, home).standards(); len(found) > 0 {
		t.Errorf("the administrator's standards are %s", found)
	}
	_, err = delegate.UpdateConfigurationPolicy(t.Context(), &securityhub.UpdateConfigurationPolicyInput{Identifier: &judged, ConfigurationPolicy: content()})
	must(t, err)
	if found := in(memberID, home).standards(); len(found) > 0 {
		t.Errorf("the member's standards are %s", found)
	}
	o.suspended = []string{memberID}
	if is := []string{delegate.status(rootID), delegate.status(delegateID)}; !slices.Equal(is, []string{"APPLIED FAILED", "INHERITED SUCCESS"}) {
		t.Errorf("with a suspended account, the associations are %s", is)
	}
	listed, err := delegate.ListConfigurationPolicyAssociations(t.Context(), nil)
	must(t, err)
	found := map[string]string{}
	for _, a := range listed.ConfigurationPolicyAssociationSummaries {
		found[*a.TargetId] = *a.ConfigurationPolicyId
	}
	if want := map[string]string{rootID: all, unitID: judged, managementID: all, delegateID: all, memberID: judged}; !maps.Equal(found, want) {
		t.Errorf("the associations are %v, not %v", found, want)
	}
}

// central turns central configuration on, without a hub in the management account, and returns the administrator.
func central(t *testing.T, in func(account, region string) hub) hub {
	t.Helper()
	delegate := in(delegateID, home)
	must(t, delegate.enable())
	must(t, in(managementID, home).appoint(delegateID))
	_, err := delegate.link("SPECIFIED_REGIONS", other)
	must(t, err)
	settled()
	must(t, delegate.configure("CENTRAL"))
	settled()
	return delegate
}

// The management account isn't given a hub: it needs one.
func TestHubOfTheManagementAccount(t *testing.T) {
	t.Parallel()
	in := hubs(t, &organization{accounts: []string{managementID, delegateID}, trusted: []string{"securityhub.amazonaws.com"}})
	delegate := central(t, in)
	id, err := delegate.policy("all", content())
	must(t, err)
	must(t, delegate.associate(id, rootID))
	settled()
	if is := delegate.status(managementID); is != "INHERITED FAILED" {
		t.Errorf("the association is %s", is)
	}
	fails[*types.InvalidAccessException](t, in(managementID, home).subscribed(), "not subscribed")
}

// Security Hub doesn't know the organization at once.
func TestHubsReadTheOrganization(t *testing.T) {
	t.Parallel()
	front := keeping(t, &organization{accounts: []string{managementID, delegateID}, trusted: []string{"securityhub.amazonaws.com"}}, 1)
	in := func(account string) hub {
		return hub{t, securityhub.New(securityhub.Options{
			Region: home, BaseEndpoint: aws.String(front.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider(account, "x", ""), RetryMaxAttempts: 1,
		})}
	}
	must(t, in(managementID).appoint(delegateID))
	_, err := in(delegateID).link("NO_REGIONS")
	must(t, err)
	fails[*types.ResourceNotFoundException](t, in(delegateID).configure("CENTRAL"), "still syncing. Retry later.")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
