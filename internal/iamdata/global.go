package iamdata

import (
	"slices"
	"strings"
)

// globalKey is a key that AWS may send with actions of all services.
type globalKey struct {
	Key
	// listed is whether AWS lists the key for each action and resource type that has it.
	listed bool
	// never are patterns of actions with which AWS doesn't send the key.
	never []string
}

// Global returns a global key: aws:PrincipalArn, ec2:RoleDelivery. KeyOf says whether AWS may send
// it with an action.
func Global(key string) (Key, bool) {
	for _, g := range globalKeys {
		if named(g.Name, key) {
			return g.Key, true
		}
	}
	return Key{}, false
}

// sentEverywhere returns a global key that AWS may send with an action without listing it there.
func sentEverywhere(action, key string) (Key, bool) {
	for _, g := range globalKeys {
		if !named(g.Name, key) {
			continue
		}
		never := slices.ContainsFunc(g.never, func(pattern string) bool { return matches(pattern, action) })
		return g.Key, !g.listed && !never
	}
	return Key{}, false
}

// globalKeys are all global keys, in the order of AWS's document, which was last read in 2026-11.
// A list of values there is an array here. Keys of VPC endpoints' owners and aws:SourceVpcArn are
// sent by some services only. The document lists these services, but the list grows, and a key
// that is wrongly taken for absent is worse than one that is wrongly taken for possible.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var globalKeys = slices.Concat(principalKeys, sessionKeys, networkKeys, resourceKeys, requestKeys)

var principalKeys = every(
	Key{"aws:PrincipalArn", ARN},
	Key{"aws:PrincipalAccount", String},
	Key{"aws:PrincipalOrgPaths", ArrayOfString},
	Key{"aws:PrincipalOrgID", String},
	Key{"aws:PrincipalTag/${TagKey}", String},
	Key{"aws:PrincipalIsAWSService", Bool},
	Key{"aws:PrincipalServiceName", String},
	Key{"aws:PrincipalServiceNamesList", ArrayOfString},
	Key{"aws:PrincipalType", String},
	Key{"aws:userid", String},
	Key{"aws:username", String},
)

// sessionKeys are those of a role's session. Services' own prefixes are here because the session
// keeps the key in its calls of other services.
var sessionKeys = every(
	Key{"aws:AssumedRoot", Bool},
	// An ARN for a provider that isn't built in.
	Key{"aws:FederatedProvider", String},
	Key{"aws:TokenIssueTime", Date},
	Key{"aws:SignInSessionArn", ARN},
	Key{"aws:MultiFactorAuthAge", Numeric},
	Key{"aws:MultiFactorAuthPresent", Bool},
	Key{"aws:ChatbotSourceArn", ARN},
	Key{"aws:Ec2InstanceSourceVpc", String},
	Key{"aws:Ec2InstanceSourcePrivateIPv4", IPAddress},
	Key{"aws:SourceIdentity", String},
	Key{"ec2:RoleDelivery", Numeric},
	Key{"ec2:SourceInstanceArn", ARN},
	Key{"glue:RoleAssumedBy", String},
	Key{"glue:CredentialIssuingService", String},
	Key{"codebuild:BuildArn", ARN},
	Key{"codebuild:ProjectArn", ARN},
	Key{"lambda:SourceFunctionArn", ARN},
	Key{"ssm:SourceInstanceArn", ARN},
	Key{"identitystore:UserId", String},
)

var networkKeys = every(
	Key{"aws:SourceIp", IPAddress},
	Key{"aws:SourceVpc", String},
	Key{"aws:SourceVpcArn", ARN},
	Key{"aws:SourceVpce", String},
	Key{"aws:VpceAccount", String},
	Key{"aws:VpceOrgID", String},
	Key{"aws:VpceOrgPaths", ArrayOfString},
	Key{"aws:VpcSourceIp", IPAddress},
)

var resourceKeys = []globalKey{
	{Key: Key{"aws:ResourceAccount", String}, never: ofTwoAccounts},
	{Key: Key{"aws:ResourceOrgPaths", ArrayOfString}, never: ofTwoAccounts},
	{Key: Key{"aws:ResourceOrgID", String}, never: ofTwoAccounts},
	{Key: Key{"aws:ResourceTag/${TagKey}", String}, listed: true},
}

// ofTwoAccounts are the actions that the document excepts from the keys of a resource's account.
// Most are about resources of two accounts. It excepts some calls of events:PutEvents too, which
// is left out here: most have the keys.
var ofTwoAccounts = strings.Fields(`
	auditmanager:UpdateAssessmentFrameworkShare detective:AcceptInvitation ds:AcceptSharedDirectory
	ebs:* ec2:AcceptTransitGatewayPeeringAttachment ec2:AcceptVpcEndpointConnections
	ec2:AcceptVpcPeeringConnection ec2:CreateTransitGatewayPeeringAttachment ec2:CreateVpcEndpoint
	ec2:CreateVpcPeeringConnection guardduty:AcceptAdministratorInvitation macie2:AcceptInvitation
	es:AcceptInboundConnection route53:AssociateVpcWithHostedZone
	route53:CreateVPCAssociationAuthorization securityhub:AcceptAdministratorInvitation`)

var requestKeys = append(every(
	Key{"aws:CalledVia", ArrayOfString},
	Key{"aws:CalledViaFirst", String},
	Key{"aws:CalledViaLast", String},
	Key{"aws:ViaAWSService", Bool},
	Key{"aws:CalledViaAWSMCP", String},
	Key{"aws:ViaAWSMCPService", Bool},
	Key{"aws:CurrentTime", Date},
	// Operators for numbers compare it too.
	Key{"aws:EpochTime", Date},
	Key{"aws:referer", String},
	Key{"aws:RequestedRegion", String},
	Key{"aws:SecureTransport", Bool},
	Key{"aws:SourceAccount", String},
	Key{"aws:SourceArn", ARN},
	Key{"aws:SourceOrgID", String},
	Key{"aws:SourceOrgPaths", ArrayOfString},
	Key{"aws:UserAgent", String},
	Key{"aws:IsMcpServiceAction", Bool},
), globalKey{Key: Key{"aws:RequestTag/${TagKey}", String}, listed: true}, globalKey{Key: Key{"aws:TagKeys", ArrayOfString}, listed: true})

// every returns keys that AWS may send with every action.
func every(keys ...Key) []globalKey {
	out := make([]globalKey, len(keys))
	for i, k := range keys {
		out[i].Key = k
	}
	return out
}
