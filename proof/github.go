package proof

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// The issuer of the tokens of GitHub's workflows, and the audience of tokens for AWS.
// https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
const (
	gitHubIssuer   = "token.actions.githubusercontent.com"
	gitHubAudience = "sts.amazonaws.com"
)

// proveGitHub proves which workflows can enter the account, and that pull requests can't write.
func (p *prover) proveGitHub(ctx context.Context, a *account, found *identities) {
	const subject = SubjectGitHub
	github := p.org.Access.GitHub
	provider := fmt.Sprintf("arn:aws:iam::%s:oidc-provider/%s", a.id, gitHubIssuer)
	plan, apply := p.org.Name(a.name, organization.RolePlan), p.org.Name(a.name, organization.RoleApply)
	alias := "alias/" + p.org.Name(a.name, "state")
	a.claim(subject, gitHubIssuer+" is an identity provider for "+gitHubAudience+", and only for that unless somebody else has made it", func() error {
		return checkProvider(ctx, a.iam, provider)
	})
	for _, c := range []struct {
		role, claim string
		check       func(iamtypes.RoleDetail) error
	}{
		{plan, "lets in " + strings.Join(github.PlanSubjects(), " and ") + " only", func(r iamtypes.RoleDetail) error {
			return checkWorkflowsTrust(r, provider, github.PlanSubjects())
		}},
		{plan, attachedText("ReadOnlyAccess"), func(r iamtypes.RoleDetail) error {
			return attachedOnly(r.AttachedManagedPolicies, managed("ReadOnlyAccess")...)
		}},
		{plan, "can't write: ReadOnlyAccess allows nothing but reading", func(iamtypes.RoleDetail) error { return p.readOnly() }},
		{plan, "may besides decrypt " + decryptedText(a.name) + " with the key " + alias + ", nothing by any other key, and do nothing else", func(r iamtypes.RoleDetail) error {
			return p.checkDecrypts(ctx, a, r, alias)
		}},
		{apply, "lets in " + strings.Join(github.ApplySubjects(), " and ") + " only", func(r iamtypes.RoleDetail) error {
			return checkWorkflowsTrust(r, provider, github.ApplySubjects())
		}},
		{apply, "has AdministratorAccess and no other policy", func(r iamtypes.RoleDetail) error {
			if err := noInline(r.RolePolicyList); err != nil {
				return err
			}
			return attachedOnly(r.AttachedManagedPolicies, managed("AdministratorAccess")...)
		}},
	} {
		a.claim(subject, c.role+" "+c.claim, func() error {
			role, err := found.role(c.role)
			if err != nil {
				return err
			}
			return c.check(role)
		})
	}
}

func checkProvider(ctx context.Context, client *iam.Client, arn string) error {
	out, err := client.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if err != nil {
		return err
	}
	ours := slices.ContainsFunc(out.Tags, func(t iamtypes.Tag) bool {
		return aws.ToString(t.Key) == "ManagedBy" && aws.ToString(t.Value) == "coldstart"
	})
	if !ours && slices.Contains(out.ClientIDList, gitHubAudience) {
		return nil
	}
	return exactly(out.ClientIDList, []string{gitHubAudience})
}

func checkWorkflowsTrust(role iamtypes.RoleDetail, provider string, subjects []string) error {
	trust, err := parsePolicy(aws.ToString(role.AssumeRolePolicyDocument))
	if err != nil {
		return err
	}
	return trust.trustsWorkflows(provider, subjects...)
}

func decryptedText(account string) string {
	if account == organization.Master {
		return "coldstart's own states and the account's facts"
	}
	return "the account's facts"
}

// checkDecrypts checks that a role's inline policies allow decrypting what previews read, with the
// key of the alias, and nothing else.
func (p *prover) checkDecrypts(ctx context.Context, a *account, role iamtypes.RoleDetail, alias string) error {
	key, err := a.key(ctx, alias)
	if err != nil {
		return err
	}
	d, err := inline(role.RolePolicyList)
	if err != nil {
		return err
	}
	bucket := "arn:aws:s3:::" + p.org.Name(a.name, "state") + "-" + a.id
	objects := []string{bucket + "/.pulumi/stacks/coldstart-account/" + a.name + ".json"}
	own := a.name == organization.Master
	if own {
		objects = append(objects, bucket, bucket+"/.pulumi/meta.yaml",
			bucket+"/.pulumi/stacks/coldstart/*", bucket+"/.pulumi/locks/organization/coldstart/*")
	}
	return d.decryptsOnly(aws.ToString(key.Arn), objects, own)
}

// checkReadOnlyAccess checks that AWS's managed policy ReadOnlyAccess only reads. The policy is the
// same in every account.
func checkReadOnlyAccess(ctx context.Context, client *iam.Client) error {
	arn := managedPolicyARN + "ReadOnlyAccess"
	policy, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return err
	}
	version, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: policy.Policy.DefaultVersionId})
	if err != nil {
		return err
	}
	d, err := parsePolicy(aws.ToString(version.PolicyVersion.Document))
	if err != nil {
		return err
	}
	return d.readsOnly()
}

// readsOnly checks that a policy allows only actions that read.
func (d *policyDocument) readsOnly() error {
	if len(d.allows()) == 0 {
		return errAllowsNothing
	}
	var writing []string
	for _, s := range d.allows() {
		if len(s.NotAction) > 0 {
			return fmt.Errorf("%s allows all but something", s)
		}
		for _, action := range s.Action {
			if !reads(action) && !s.opensReadOnlySession(action) {
				writing = append(writing, action)
			}
		}
	}
	if len(writing) > 0 {
		return fmt.Errorf("it allows %s", listed(writing))
	}
	return nil
}

// opensReadOnlySession reports whether an action opens a session with an S3 directory bucket, and
// the statement allows the read-only mode only.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-create-session.html
func (s policyStatement) opensReadOnlySession(action string) bool {
	return action == "s3express:CreateSession" && s.Condition.requires(equalsOperators(), "s3express:SessionMode", "ReadOnly")
}

// readingVerbs are verbs that begin only the names of actions that read, in every service. Check,
// Detect, Test and Verify aren't in the list, because of license-manager:CheckoutLicense and
// ses:VerifyEmailIdentity.
func readingVerbs() []string {
	return []string{
		"BatchDescribe", "BatchGet", "BatchList", "BatchRead", "Count", "Describe", "Estimate", "Evaluate", "Filter",
		"Get", "List", "Lookup", "Preview", "Query", "Read", "Retrieve", "Scan", "Search", "Select", "Simulate",
		"Validate", "View",
	}
}

// reads reports whether an action, or every action that a pattern matches, only reads. After the
// verb a new word begins, or the name ends.
func reads(action string) bool {
	if slices.Contains(readingActions(), action) {
		return true
	}
	service, name, ok := strings.Cut(action, ":")
	if !ok || strings.ContainsAny(service, "*?") {
		return false
	}
	return slices.ContainsFunc(readingVerbs(), func(verb string) bool {
		if len(name) < len(verb) || !strings.EqualFold(name[:len(verb)], verb) {
			return false
		}
		rest := name[len(verb):]
		return rest == "" || rest[0] == '*' || 'A' <= rest[0] && rest[0] <= 'Z'
	})
}

// readingActions are the actions of ReadOnlyAccess that read, and whose names don't begin with such
// a verb.
func readingActions() []string {
	return slices.Concat(
		// An HTTP verb or a prefix comes before the verb that reads.
		[]string{"cognito-idp:AdminGet*", "cognito-idp:AdminList*", "dynamodb:PartiQLSelect", "es:ESHttpGet", "es:ESHttpHead", "codecommit:GitPull"},
		// All of Athena's batch actions get, and ECR's check which layers exist.
		[]string{"athena:Batch*", "ecr:BatchCheck*", "ecr-public:BatchCheckLayerAvailability"},
		// They answer a question about existing resources or about the request.
		[]string{
			"bedrock:CheckIngestedDocumentAcl", "codestar:Verify*", "dms:Test*", "ds:Check*", "ds:Verify*",
			"elasticbeanstalk:Check*", "events:Test*", "evidently:TestSegmentPattern", "gamelift:ResolveAlias",
			"glue:CheckSchemaVersionValidity", "identitystore:IsMemberInGroups", "kinesisanalytics:Discover*", "lightsail:Is*",
			"logs:TestMetricFilter", "mediaconnect:DiscoverGatewayPollEndpoint", "mediaconvert:Probe",
			"observabilityadmin:TestTelemetryPipeline", "route53:Test*", "route53domains:Check*",
			"servicediscovery:DiscoverInstances", "servicediscovery:DiscoverInstancesRevision", "sns:Check*",
			"transfer:TestIdentityProvider", "verifiedpermissions:IsAuthorized", "verifiedpermissions:IsAuthorizedWithToken",
			"wafv2:CheckCapacity", "workdocs:CheckAlias",
		},
		// They compute something from text, sound or images, and store nothing.
		[]string{
			"comprehend:BatchDetect*", "comprehend:Classify*", "comprehend:Contains*", "comprehend:Detect*",
			"polly:SynthesizeSpeech", "rekognition:CompareFaces", "rekognition:Detect*", "rekognition:RecognizeCelebrities",
			"bedrock:AgenticRetrieveStream", "cloudwatch:GenerateQuery", "cloudwatch:GenerateQueryResultsSummary",
			"iotanalytics:SampleChannelData",
		},
		// They start or stop a report or a search of existing resources. AWS deletes its result
		// after a while.
		[]string{
			"cloudformation:Detect*", "devops-guru:StartCostEstimation", "elasticbeanstalk:Request*", "iam:Generate*",
			"logs:StartLiveTail", "logs:StartQuery", "logs:StopLiveTail", "logs:StopQuery",
			"servicequotas:StartQuotaUtilizationReport", "xray:CancelTraceRetrieval", "xray:StartTraceRetrieval",
		},
		// AWS Config delivers early the snapshot that it delivers anyway.
		[]string{"config:Deliver*"},
		// They download existing data as a whole.
		[]string{"elemental-inference:ExportDictionaryEntries", "rds:Download*", "wellarchitected:ExportLens"},
		// SQS hides a received message from others for a while. Deleting the message is another
		// action.
		[]string{"sqs:Receive*"},
		// They open an access path that allows nothing by itself: every action there needs its own
		// permissions.
		[]string{"bedrock-mantle:CallWithBearerToken", "eks:AccessKubernetesApi"},
		// The endpoint's tools search, list and get records.
		// https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/registry-mcp-endpoint.html
		[]string{"agent-registry:InvokeRegistryMcp"},
	)
}
