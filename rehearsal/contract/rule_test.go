package contract_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/internal/proxytest"
	"github.com/coldstart-aws/coldstart/rehearsal/contract"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// yes is an emulator that answers everything, in a word that each protocol takes for an answer.
func yes(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Amz-Target") != "" || strings.Contains(r.Header.Get("Authorization"), "/account/") {
		_, _ = w.Write([]byte("{}"))
		return
	}
	_, _ = w.Write([]byte("<R><R></R></R>"))
}

func start(t *testing.T) *proxy.Server {
	t.Helper()
	server, _ := proxytest.Start(t, yes, proxy.Options{Rules: func(w *proxy.World) []proxy.Rule { return []proxy.Rule{contract.New(w)} }})
	return server
}

// What coldstart and its provider call is as AWS's models have it.
func TestCallsOfAllServices(t *testing.T) {
	t.Parallel()
	server := start(t)
	for _, c := range proxytest.Calls {
		_ = c.Make(proxytest.Config(server, "test")) // The emulator's answer isn't one of the service's.
	}
	if refused := server.Report().Rules; len(refused) != 0 {
		t.Errorf("calls were refused: %v", refused)
	}
}

// A request that the model of its service rules out is refused with the service's own error, which names the member and the
// constraint. The same request within the model's limits passes.
func TestRequests(t *testing.T) {
	t.Parallel()
	server := start(t)
	cfg := proxytest.Config(server, "test")
	ctx := context.Background()
	role := func(name, path string) error {
		_, err := iam.NewFromConfig(cfg).CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, Path: &path, AssumeRolePolicyDocument: aws.String("{}")})
		return err
	}
	unit := func(name string) error {
		_, err := organizations.NewFromConfig(cfg).CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: aws.String("r-abcd"), Name: &name})
		return err
	}
	alias := func(name string) error {
		_, err := kms.NewFromConfig(cfg).CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: aws.String("k")})
		return err
	}
	contact := func(phone string) error {
		_, err := account.NewFromConfig(cfg).PutAlternateContact(ctx, &account.PutAlternateContactInput{
			AlternateContactType: accounttypes.AlternateContactTypeSecurity, EmailAddress: aws.String("a@b.example"), Name: aws.String("n"), PhoneNumber: &phone, Title: aws.String("t"),
		})
		return err
	}
	record := func(kind route53types.RRType, ttl int64) error {
		_, err := route53.NewFromConfig(cfg).ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: aws.String("Z1"), ChangeBatch: &route53types.ChangeBatch{Changes: []route53types.Change{{
				Action: route53types.ChangeActionUpsert, ResourceRecordSet: &route53types.ResourceRecordSet{Name: aws.String("a.example"), Type: kind, TTL: &ttl},
			}}},
		})
		return err
	}
	versioning := func(status s3types.BucketVersioningStatus) error {
		_, err := proxytest.S3(cfg).PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: aws.String("b"), VersioningConfiguration: &s3types.VersioningConfiguration{Status: status}})
		return err
	}
	metadata := func(tokens ec2types.MetadataDefaultHttpTokensState) error {
		_, err := ec2.NewFromConfig(cfg).ModifyInstanceMetadataDefaults(ctx, &ec2.ModifyInstanceMetadataDefaultsInput{HttpTokens: tokens})
		return err
	}
	session := func(seconds int32) error {
		_, err := sts.NewFromConfig(cfg).GetSessionToken(ctx, &sts.GetSessionTokenInput{DurationSeconds: &seconds})
		return err
	}
	recorder := func(often configtypes.RecordingFrequency) error {
		_, err := configservice.NewFromConfig(cfg).PutConfigurationRecorder(ctx, &configservice.PutConfigurationRecorderInput{
			ConfigurationRecorder: &configtypes.ConfigurationRecorder{RecordingMode: &configtypes.RecordingMode{RecordingFrequency: often}},
		})
		return err
	}
	for name, c := range map[string]struct {
		err       error
		code, why string // empty if it passes
	}{
		"a role":                       {role("z9-admin", "/teams/"), "", ""},
		"a role with a space":          {role("z9 admin", "/"), "ValidationError", `Value 'z9 admin' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+`},
		"a role's long name":           {role(strings.Repeat("n", 65), "/"), "ValidationError", "at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		"a role's path":                {role("n", "teams"), "ValidationError", "at 'path'"},
		"all problems at once":         {role("z9 admin", "teams"), "ValidationError", "2 validation errors detected: "},
		"a unit":                       {unit("Core units"), "", ""},
		"a unit without a name":        {unit(""), "InvalidInputException", "at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		"a unit's long name":           {unit(strings.Repeat("n", 129)), "InvalidInputException", "at 'name'"},
		"an alias":                     {alias("alias/z9"), "", ""},
		"an alias with a dot":          {alias("alias/z9.key"), "ValidationException", "at 'aliasName'"},
		"a contact":                    {contact("+1 555 0100"), "", ""},
		"a contact with letters":       {contact("none"), "ValidationException", "failed to satisfy constraint: Member must satisfy regular expression pattern"},
		"a record":                     {record(route53types.RRTypeNs, 60), "", ""},
		"a record of no type":          {record("NSX", 60), "InvalidInput", "Value 'NSX' at 'changeBatch.changes.1.member.resourceRecordSet.type' failed to satisfy constraint: Member must satisfy enum value set"},
		"a record's life":              {record(route53types.RRTypeNs, 1<<40), "InvalidInput", "resourceRecordSet.tTL"},
		"versioning":                   {versioning(s3types.BucketVersioningStatusEnabled), "", ""},
		"another versioning":           {versioning("On"), "InvalidArgument", "at 'versioningConfiguration.status'"},
		"IMDSv2":                       {metadata(ec2types.MetadataDefaultHttpTokensStateRequired), "", ""},
		"another IMDS":                 {metadata("v2"), "InvalidParameterValue", "at 'httpTokens'"},
		"a recorder":                   {recorder(configtypes.RecordingFrequencyDaily), "", ""},
		"a recorder by the hour":       {recorder("HOURLY"), "ValidationException", "Value 'HOURLY' at 'configurationRecorder.recordingMode.recordingFrequency' failed to satisfy constraint: Member must satisfy enum value set"},
		"a session":                    {session(900), "", ""},
		"a session of a quarter hour-": {session(899), "ValidationError", "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
	} {
		var api smithy.APIError
		refused := errors.As(c.err, &api) && strings.Contains(api.ErrorMessage(), "validation error")
		if refused != (c.code != "") || refused && (api.ErrorCode() != c.code || !strings.Contains(api.ErrorMessage(), c.why)) {
			t.Errorf("%s: %v, not %s %s", name, c.err, c.code, c.why)
		}
	}
	_, err := organizations.NewFromConfig(cfg).CreatePolicy(ctx, &organizations.CreatePolicyInput{
		Name: aws.String("p"), Description: aws.String(""), Content: aws.String("{}"), Type: "CONTROL_POLICY", Tags: []organizationstypes.Tag{{Key: aws.String(""), Value: aws.String("")}},
	})
	var invalid *organizationstypes.InvalidInputException
	if !errors.As(err, &invalid) || invalid.Reason != "MIN_LENGTH_EXCEEDED" && invalid.Reason != "INVALID_ENUM" || !strings.Contains(err.Error(), "at 'tags.1.member.key'") {
		t.Errorf("a policy of no type with a tag without a key: %v", err)
	}
	_, err = iam.NewFromConfig(cfg).CreateGroup(ctx, &iam.CreateGroupInput{GroupName: aws.String("g")})
	if err != nil && strings.Contains(err.Error(), "validation error") {
		t.Error(err)
	}
	_, err = iam.NewFromConfig(cfg).TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String("r"), Tags: []iamtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}, {Key: aws.String("a|b"), Value: aws.String("b")}}})
	if err == nil || !strings.Contains(err.Error(), "at 'tags.2.member.key'") {
		t.Errorf("a tag's key: %v", err)
	}
}

// What an SDK doesn't send: a member that is missing or of another type, an action that isn't there, and a body that can't be
// read. A password isn't repeated.
func TestWhatNoSDKSends(t *testing.T) {
	t.Parallel()
	server := start(t)
	for name, c := range map[string]struct {
		service, target, body, want string
	}{
		"missing":      {"kms", "TrentService.CreateAlias", `{"AliasName": "alias/a"}`, "Value null at 'targetKeyId' failed to satisfy constraint: Member must not be null"},
		"mistyped":     {"kms", "TrentService.CreateAlias", `{"AliasName": ["alias/a"], "TargetKeyId": "k"}`, "at 'aliasName' failed to satisfy constraint: Member must be a string"},
		"unknown":      {"kms", "TrentService.CreateDoor", `{}`, "UnknownOperationException"},
		"unreadable":   {"kms", "TrentService.CreateAlias", `{`, "SerializationException"},
		"no object":    {"kms", "TrentService.CreateAlias", `[]`, "SerializationException"},
		"query":        {"iam", "", "Action=CreateUser&Version=2010-05-08", "at 'userName' failed to satisfy constraint: Member must not be null"},
		"query action": {"iam", "", "Action=CreateDoor&Version=2010-05-08", "InvalidAction"},
		"password":     {"iam", "", "Action=ChangePassword&Version=2010-05-08&OldPassword=&NewPassword=", "Value at 'newPassword' failed to satisfy constraint: Member must have length"},
		"kept":         {"iam", "", "Action=CreateLoginProfile&Version=2010-05-08&UserName=a&Password=" + strings.Repeat("secret", 30), "Value at 'password'"},
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, server.Endpoint()+"/", strings.NewReader(c.body))
		request.RequestURI = ""
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/"+c.service+"/aws4_request, SignedHeaders=host, Signature=0")
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if c.target != "" {
			request.Header.Set("X-Amz-Target", c.target)
			request.Header.Set("Content-Type", "application/x-amz-json-1.1")
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var body strings.Builder
		_ = response.Write(&body)
		_ = response.Body.Close()
		if text := strings.ReplaceAll(body.String(), "&#39;", "'"); response.StatusCode != http.StatusBadRequest || !strings.Contains(text, c.want) || strings.Contains(text, "secretsecret") {
			t.Errorf("%s: %s, not %s", name, text, c.want)
		}
	}
}
