package authorization

import (
	"strings"
)

// Request is a call that a principal makes to AWS.
type Request struct {
	// Action is the action as policies name it: <service>:<action>. Upper and lower case are the same.
	Action string `json:"action"`
	// Resource is the ARN of the resource, or "*" for an action that has none. If it is empty, nothing is
	// known about the resource.
	Resource string `json:"resource"`
	// ResourceAccount is the id of the account that owns the resource; empty for the principal's.
	ResourceAccount string    `json:"resourceAccount,omitempty"`
	Principal       Principal `json:"principal"`
	// Keys are the request's condition keys. Upper and lower case of their names are the same. A key
	// without values isn't in the request. What follows from the principal, such as aws:PrincipalArn,
	// needn't be given.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
	Keys map[string][]string `json:"keys,omitempty"`
	// Complete says that the request has no keys but Keys. Otherwise nothing is known about the others.
	Complete bool `json:"complete,omitempty"`
}

// PrincipalType is a kind of principal.
type PrincipalType string

// The principals that make requests. A web identity and a SAML identity make only the request by which
// they become a session of a role.
const (
	User          PrincipalType = "user"
	Role          PrincipalType = "role"
	Root          PrincipalType = "root"
	FederatedUser PrincipalType = "federatedUser"
	Service       PrincipalType = "service"
	WebIdentity   PrincipalType = "webIdentity"
	SAML          PrincipalType = "saml"
	Anonymous     PrincipalType = "anonymous"
)

// Principal is who makes a request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
type Principal struct {
	Type PrincipalType `json:"type"`
	// Account is the id of the principal's account; empty for services, identities of providers and
	// anonymous principals.
	Account string `json:"account,omitempty"`
	// ARN is that of the user, of the role (not of its session), or of the federated user's session. It is
	// the name of a service, such as cloudtrail.amazonaws.com, and the ARN or name of the provider of a
	// web identity or a SAML identity.
	ARN string `json:"arn,omitempty"`
	// Session is the name of a role's session.
	Session string `json:"session,omitempty"`
}

// serviceLinked reports whether the principal is a session of a service-linked role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html
func (p Principal) serviceLinked() bool {
	return p.Type == Role && strings.Contains(p.ARN, ":role/aws-service-role/")
}

// inAccount reports whether the principal belongs to an account, whose policies bear on it.
func (p Principal) inAccount() bool {
	return p.Type == User || p.Type == Role || p.Type == Root || p.Type == FederatedUser
}

// sessionARN is the ARN of a role's session, which has the role's name without its path.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
func (p Principal) sessionARN() string {
	partition, rest, _ := strings.Cut(strings.TrimPrefix(p.ARN, "arn:"), ":")
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	return "arn:" + partition + ":sts::" + p.Account + ":assumed-role/" + name + "/" + p.Session
}

// rootARN is the ARN of the principal's account, in the principal's partition.
func (p Principal) rootARN() string {
	partition := "aws"
	if parts := strings.SplitN(p.ARN, ":", 3); len(parts) == 3 {
		partition = parts[1]
	}
	return "arn:" + partition + ":iam::" + p.Account + ":root"
}

// owner is the id of the account that owns the resource.
func (q Request) owner() string {
	if q.ResourceAccount == "" {
		return q.Principal.Account
	}
	return q.ResourceAccount
}

// keys returns the request's keys by their names in lower case, with those that follow from the
// principal.
func (q Request) keys() map[string][]string {
	all := q.Principal.keys()
	if owner := q.owner(); owner != "" && strings.HasPrefix(q.Resource, "arn:") {
		all["aws:resourceaccount"] = []string{owner}
	}
	for name, values := range q.Keys {
		all[strings.ToLower(name)] = values
	}
	return all
}

// keys returns the condition keys that follow from a principal.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
func (p Principal) keys() map[string][]string {
	keys := map[string][]string{
		"aws:principalarn": nil, "aws:principalaccount": nil, "aws:principaltype": nil, "aws:username": nil,
		"aws:principalservicename": nil, "aws:principalisawsservice": {"false"},
	}
	if p.inAccount() {
		keys["aws:principalaccount"] = []string{p.Account}
		keys["aws:principalarn"] = []string{p.ARN}
	}
	if p.Type != Root { // Only a session of central root access has it, which is one of a root user.
		keys["aws:assumedroot"] = nil
	}
	switch p.Type {
	case User:
		keys["aws:principaltype"] = []string{"User"}
		keys["aws:username"] = []string{p.ARN[strings.LastIndexByte(p.ARN, '/')+1:]}
	case Role:
		keys["aws:principaltype"] = []string{"AssumedRole"}
	case Root:
		keys["aws:principaltype"] = []string{"Account"}
		keys["aws:principalarn"] = []string{p.rootARN()}
	case FederatedUser:
		keys["aws:principaltype"] = []string{"FederatedUser"}
	case Service:
		keys["aws:principalisawsservice"] = []string{"true"}
		keys["aws:principalservicename"] = []string{p.ARN}
	case Anonymous:
		keys["aws:principaltype"] = []string{"Anonymous"}
	case WebIdentity, SAML:
	}
	return keys
}

// FromOutside returns the condition keys that follow from where a call comes from, for one that comes by TLS
// from a machine outside of AWS and goes to a region: not from an EC2 instance or a Lambda function, not
// through a VPC endpoint, and not by another service.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-network-properties
func FromOutside(region string) map[string][]string {
	return map[string][]string{
		"aws:RequestedRegion": {region},
		"aws:SecureTransport": {"true"},
		"aws:ViaAWSService":   {"false"},
		"aws:CalledVia":       nil, "aws:CalledViaFirst": nil, "aws:CalledViaLast": nil,
		"aws:SourceArn": nil, "aws:SourceAccount": nil, "aws:SourceOrgID": nil, "aws:SourceOrgPaths": nil,
		"aws:SourceVpc": nil, "aws:SourceVpce": nil, "aws:VpcSourceIp": nil,
		"aws:Ec2InstanceSourceVpc": nil, "aws:Ec2InstanceSourcePrivateIPv4": nil,
		"ec2:RoleDelivery": nil, "ec2:SourceInstanceArn": nil, "lambda:SourceFunctionArn": nil,
	}
}
