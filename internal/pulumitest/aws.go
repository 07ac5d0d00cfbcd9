package pulumitest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What the fake AWS is made of.
const (
	MasterID       = "111111111111"
	OrganizationID = "o-exampleorgid"
	RootID         = "r-root"
	InstanceARN    = "arn:aws:sso:::instance/ssoins-1111111111111111"
	IdentityStore  = "d-1111111111"
)

// Tokens of invokes.
const (
	ReadStackOutputs          = "pulumi:pulumi:readStackOutputs"
	GetCallerIdentity         = "aws:index/getCallerIdentity:getCallerIdentity"
	GetBucket                 = "aws:s3/getBucket:getBucket"
	GetKey                    = "aws:kms/getKey:getKey"
	GetOrganization           = "aws:organizations/getOrganization:getOrganization"
	GetIAMPolicy              = "aws:iam/getPolicy:getPolicy"
	GetIdentityProvider       = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider"
	GetOrganizationalUnits    = "aws:organizations/getOrganizationalUnits:getOrganizationalUnits"
	GetInstances              = "aws:ssoadmin/getInstances:getInstances"
	GetDirectoryGroup         = "aws:identitystore/getGroup:getGroup"
	GetZone                   = "aws:route53/getZone:getZone"
	GetZones                  = "aws:route53/getZones:getZones"
	GetUnitAccounts           = "aws:organizations/getOrganizationalUnitChildAccounts:getOrganizationalUnitChildAccounts"
	GetPoliciesForTarget      = "aws:organizations/getPoliciesForTarget:getPoliciesForTarget"
	GetPolicy                 = "aws:organizations/getPolicy:getPolicy"
	noOrganization            = "invocation of aws:organizations/getOrganization:getOrganization returned an error: invoking aws:organizations/getOrganization:getOrganization: 1 error occurred:\n\t* couldn't find resource"
	noDirectoryGroup          = "invocation of aws:identitystore/getGroup:getGroup returned an error: invoking aws:identitystore/getGroup:getGroup: 1 error occurred:\n\t* reading AWS SSO Identity Store Group Data Source (" + IdentityStore + "): operation error identitystore: GetGroupId, ResourceNotFoundException: GROUP not found"
	unknownStack              = "invocation of pulumi:pulumi:readStackOutputs returned an error: unknown stack %q"
	organizationResourceARN   = "arn:aws:organizations::" + MasterID + ":"
	regionalResourceARNFormat = "arn:aws:%s:us-west-2:123456789012:%s/%s"
)

// Answer answers an invoke.
type Answer func(args map[string]any) (map[string]any, error)

// Stacks answers readStackOutputs with the outputs of the stacks that there
// are, by the stacks' short names.
func Stacks(outputs map[string]map[string]any) Answer {
	return func(args map[string]any) (map[string]any, error) {
		name, ok := strings.CutPrefix(args["name"].(string), Organization+"/"+Project+"/")
		if !ok {
			return nil, fmt.Errorf("%v isn't <organization>/<project>/<stack>", args["name"])
		}
		found, ok := outputs[name]
		if !ok {
			return nil, fmt.Errorf(unknownStack, args["name"])
		}
		return map[string]any{"name": args["name"], "outputs": found, "secretOutputNames": []any{}}, nil
	}
}

// Instances answers getInstances with the organization's instance of IAM Identity Center.
func Instances(map[string]any) (map[string]any, error) {
	return map[string]any{"id": "us-west-2", "arns": []any{InstanceARN}, "identityStoreIds": []any{IdentityStore}}, nil
}

// NoInstances answers getInstances where IAM Identity Center isn't enabled.
func NoInstances(map[string]any) (map[string]any, error) {
	return map[string]any{"id": "us-west-2", "arns": []any{}, "identityStoreIds": []any{}}, nil
}

// DirectoryGroups answers getGroup for a directory that has the groups of these names.
func DirectoryGroups(names ...string) Answer {
	return func(args map[string]any) (map[string]any, error) {
		unique := args["alternateIdentifier"].(map[string]any)["uniqueAttribute"].(map[string]any)
		name := unique["attributeValue"].(string)
		if unique["attributePath"] != "DisplayName" || !slices.Contains(names, name) {
			return nil, errors.New(noDirectoryGroup)
		}
		return map[string]any{"id": "g-" + name, "groupId": "g-" + name, "displayName": name}, nil
	}
}

// Caller answers getCallerIdentity.
func Caller(accountID string) Answer {
	return func(map[string]any) (map[string]any, error) {
		return map[string]any{"id": accountID, "accountId": accountID, "arn": "arn:aws:iam::" + accountID + ":root", "userId": accountID}, nil
	}
}

// NoKey answers getKey as the provider does for an alias that no key has.
func NoKey(args map[string]any) (map[string]any, error) {
	alias, _ := args["keyId"].(string)
	return nil, fmt.Errorf("invocation of %s returned an error: invoking %[1]s: 1 error occurred:\n\t* reading KMS Key (%s): couldn't find resource", GetKey, alias)
}

// NoZone answers getZone for an account that has none of that name.
func NoZone(map[string]any) (map[string]any, error) { return Zones{}.Zone(nil) }

// HostedZone is a zone that exists.
type HostedZone struct {
	ID, Name, Comment string
	Private           bool
}

// Zones are an account's zones.
type Zones []HostedZone

// Zone answers getZone.
func (z Zones) Zone(args map[string]any) (map[string]any, error) {
	var found Zones
	for _, one := range z {
		if id, byID := args["zoneId"]; byID && id == one.ID || !byID && args["name"] == one.Name && !one.Private {
			found = append(found, one)
		}
	}
	switch len(found) {
	case 0:
		return nil, errors.New("invocation of " + GetZone + " returned an error: no matching Route 53 Hosted Zone found")
	case 1:
		one := found[0]
		return map[string]any{
			"id": one.ID, "zoneId": one.ID, "name": one.Name, "comment": one.Comment, "privateZone": one.Private, "resourceRecordSetCount": 4,
			"nameServers": []any{"ns-1." + one.ID, "ns-2." + one.ID, "ns-3." + one.ID, "ns-4." + one.ID},
		}, nil
	}
	return nil, errors.New("invocation of " + GetZone + " returned an error: multiple Route 53 Hosted Zones matched; use additional constraints to reduce matches to a single Route 53 Hosted Zone")
}

// All answers getZones.
func (z Zones) All(map[string]any) (map[string]any, error) {
	ids := []any{}
	for _, one := range z {
		ids = append(ids, one.ID)
	}
	return map[string]any{"id": "us-west-2", "ids": ids}, nil
}

// NoOrganization answers getOrganization as the provider does for an account
// that is in none.
func NoOrganization(map[string]any) (map[string]any, error) {
	return nil, errors.New(noOrganization)
}

// NoIdentityProvider answers getOpenIdConnectProvider for an account that has none.
func NoIdentityProvider(args map[string]any) (map[string]any, error) {
	return nil, fmt.Errorf("invocation of %s returned an error: finding IAM OIDC Provider by url (%v): not found", GetIdentityProvider, args["url"])
}

// HasPolicy answers getPolicy for an account that has the policy, and LacksPolicy for one that doesn't.
func HasPolicy(args map[string]any) (map[string]any, error) {
	return map[string]any{"id": args["arn"], "arn": args["arn"]}, nil
}

// LacksPolicy is the other answer to getPolicy.
func LacksPolicy(args map[string]any) (map[string]any, error) {
	return nil, fmt.Errorf("invocation of %s returned an error: reading IAM Policy (%v): couldn't find resource", GetIAMPolicy, args["arn"])
}

// Found is an organization that exists.
type Found struct {
	// Accounts are those in it, each with its id, email and status.
	Accounts []FoundAccount
	// Units are the units' ids by name, by the id of what they are in.
	Units map[string]map[string]string
	// Inside are the accounts in units, by the units' ids, and Gone the ids of units that
	// somebody has deleted.
	Inside map[string][]FoundAccount
	Gone   []string
	// Attached are the names of the policies of targets, by their ids, besides AWS's own.
	Attached map[string][]string
	// TrustedServices and PolicyTypes are enabled.
	TrustedServices, PolicyTypes []string
	// NoRoot hides the root, as it is from member accounts.
	NoRoot bool
}

// FoundAccount is an account that exists.
type FoundAccount struct{ ID, Email, Status string }

// Organization answers getOrganization.
func (f Found) Organization(map[string]any) (map[string]any, error) {
	accounts, roots := []any{}, []any{}
	for _, a := range f.Accounts {
		accounts = append(accounts, map[string]any{"id": a.ID, "arn": organizationResourceARN + "account/" + a.ID, "email": a.Email, "name": a.Email, "status": a.Status})
	}
	if !f.NoRoot {
		roots = append(roots, map[string]any{"id": RootID, "arn": organizationResourceARN + "root/" + RootID, "name": "Root", "policyTypes": []any{}})
	}
	return map[string]any{
		"id":                         OrganizationID,
		"arn":                        organizationResourceARN + "organization/" + OrganizationID,
		"masterAccountId":            MasterID,
		"masterAccountEmail":         "root@acme.example",
		"featureSet":                 "ALL",
		"accounts":                   accounts,
		"roots":                      roots,
		"awsServiceAccessPrincipals": anys(f.TrustedServices),
		"enabledPolicyTypes":         anys(f.PolicyTypes),
	}, nil
}

// OrganizationalUnits answers getOrganizationalUnits.
func (f Found) OrganizationalUnits(args map[string]any) (map[string]any, error) {
	children := []any{}
	for name, id := range f.Units[args["parentId"].(string)] {
		children = append(children, map[string]any{"id": id, "name": name, "arn": organizationResourceARN + "ou/" + id})
	}
	return map[string]any{"id": args["parentId"], "parentId": args["parentId"], "children": children}, nil
}

// UnitAccounts answers getOrganizationalUnitChildAccounts.
func (f Found) UnitAccounts(args map[string]any) (map[string]any, error) {
	parent, accounts := args["parentId"].(string), []any{}
	if slices.Contains(f.Gone, parent) {
		return nil, errors.New("ParentNotFoundException: You specified parent that doesn't exist")
	}
	for _, a := range f.Inside[parent] {
		accounts = append(accounts, map[string]any{"id": a.ID, "email": a.Email, "name": a.Email, "status": a.Status, "arn": organizationResourceARN + "account/" + a.ID})
	}
	return map[string]any{"id": parent, "parentId": parent, "accounts": accounts}, nil
}

// PoliciesForTarget answers getPoliciesForTarget. The policies' ids are their names
// behind p-.
func (f Found) PoliciesForTarget(args map[string]any) (map[string]any, error) {
	ids := []any{"p-FullAWSAccess"}
	for _, name := range f.Attached[args["targetId"].(string)] {
		ids = append(ids, "p-"+name)
	}
	return map[string]any{"id": args["targetId"], "targetId": args["targetId"], "filter": args["filter"], "ids": ids}, nil
}

// Policy answers getPolicy.
func (f Found) Policy(args map[string]any) (map[string]any, error) {
	id := args["policyId"].(string)
	return map[string]any{
		"id": id, "policyId": id, "name": strings.TrimPrefix(id, "p-"), "arn": organizationResourceARN + "policy/" + id,
		"awsManaged": false, "content": "", "description": "", "type": "SERVICE_CONTROL_POLICY",
	}, nil
}

func anys(values []string) []any {
	out := []any{}
	for _, v := range values {
		out = append(out, v)
	}
	return out
}
