package organization

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/policy"
)

// Guardrails are policies of the organization. A service control policy says what nobody in an account can do, whatever the
// account's own policies allow; a resource control policy says what nobody can do to an account's resources, whoever asks. Neither binds the
// management account. A declarative policy sets what EC2 does in an account.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
type Guardrails struct {
	// Defaults attaches the sets of RootGuardrails and UnitGuardrails where a
	// file lists none itself.
	Defaults bool
	// Root are those attached to the organization's root; nil for the default.
	Root []string
	// Regions are all that accounts may use; nil for any.
	Regions []string
	// InstanceTypes are all that AllowedInstanceTypes lets be started, such as t3.*.
	InstanceTypes []string
	// Networks are all from which AllowedNetworks lets people call AWS, in CIDR notation.
	Networks []string
	// Partners are the ids of accounts outside of the organization that DenyForeignPrincipals lets in.
	Partners []string
	// Tags are the keys of the tags that RequireTags demands.
	Tags []string
	// Policies are the file's own, by name. One whose statements have the principal "*" is a resource control policy.
	Policies map[string][]policy.Statement
}

// Names of the library's guardrails.
const (
	DenyLeaving    = "deny-leaving"
	DenyRootUser   = "deny-root-user"
	DenyPublicS3   = "deny-public-s3"
	ProtectAudit   = "protect-audit"
	ProtectAccess  = "protect-access"
	AllowedRegions = "allowed-regions"
	RequireIMDSv2  = "require-imdsv2"
	Quarantine     = "quarantine"

	AllowedInstanceTypes  = "allowed-instance-types"
	AllowedNetworks       = "allowed-networks"
	DenyForeignPrincipals = "deny-foreign-principals"
	DenyForeignResources  = "deny-foreign-resources"
	DenyIAMUsers          = "deny-iam-users"
	DenyMarketplace       = "deny-marketplace"
	RequireEncryption     = "require-encryption"
	RequireTags           = "require-tags"
)

// guardrailLibrary are the guardrails that a file may name without writing them.
var guardrailLibrary = map[string]func(*Organization) policy.Document{
	DenyLeaving:    denyLeaving,
	DenyRootUser:   denyRootUser,
	DenyPublicS3:   denyPublicS3,
	ProtectAudit:   protectAudit,
	ProtectAccess:  protectAccess,
	AllowedRegions: allowedRegions,
	RequireIMDSv2:  requireIMDSv2,
	Quarantine:     quarantine,

	AllowedInstanceTypes:  allowedInstanceTypes,
	AllowedNetworks:       allowedNetworks,
	DenyForeignPrincipals: denyForeignPrincipals,
	DenyForeignResources:  denyForeignResources,
	DenyIAMUsers:          denyIAMUsers,
	DenyMarketplace:       denyMarketplace,
	RequireEncryption:     requireEncryption,
	RequireTags:           requireTags,
}

// Attachment is where a guardrail is attached: to a unit, an account, or the
// organization's root if both are empty.
type Attachment struct {
	Guardrail     string
	Unit, Account string
}

// Target names what the guardrail is attached to.
func (a Attachment) Target() string {
	switch {
	case a.Unit != "":
		return "unit " + a.Unit
	case a.Account != "":
		return "account " + a.Account
	}
	return "root"
}

// attachmentKey returns the key of a declaration that lists what is attached to a target.
func attachmentKey(a Attachment) string {
	switch {
	case a.Unit != "":
		return prefix + "units." + a.Unit + ".guardrails"
	case a.Account != "":
		return prefix + "accounts." + a.Account + ".guardrails"
	}
	return prefix + "guardrails.root"
}

// Wanted returns the names in AWS of the policies of a type that are declared for a target.
func (o *Organization) Wanted(target Attachment, policyType string) (names []string) {
	for _, a := range o.Attachments() {
		if a.Unit == target.Unit && a.Account == target.Account && o.GuardrailType(a.Guardrail) == policyType {
			names = append(names, o.Namespace+"-"+a.Guardrail)
		}
	}
	return names
}

// CheckAttached returns how many policies of a type a target will have while an update runs: those
// that are declared for it, and those that are attached to it, given by their names. What
// is no longer declared counts, since an update attaches first and detaches last. The
// error, a Problem, says that AWS would refuse so many.
func (o *Organization) CheckAttached(target Attachment, policyType string, attached []string) (n int, err error) {
	wanted, kind := o.Wanted(target, policyType), GuardrailKinds[policyType]
	var own, others []string
	for _, name := range attached {
		switch {
		case slices.Contains(wanted, name):
		case strings.HasPrefix(name, o.Namespace+"-"):
			own = append(own, name)
		default:
			others = append(others, name)
		}
	}
	slices.Sort(others)
	if n = len(wanted) + len(own) + len(others); n <= kind.Attached {
		return n, nil
	}
	remedy := fmt.Sprintf("put the statements of several guardrails into one under %sguardrails.policies, or detach what nobody needs (aws organizations detach-policy)", prefix)
	if len(own) > 0 {
		remedy = fmt.Sprintf("take %s out in an update of its own first, or %s", strings.Join(own, ", "), remedy)
	}
	return n, Problem{Key: attachmentKey(target), Remedy: remedy, Text: fmt.Sprintf("%s would have %d %s attached, and AWS allows %d: the %d declared, and %s",
		target.Target(), n, kind.Plural(), kind.Attached, len(wanted), strings.Join(append(own, others...), ", "))}
}

// RootGuardrails returns those that are attached to the root: what lets the
// organization see what happens, and repair it.
func (o *Organization) RootGuardrails() []string {
	if o.Guardrails.Root != nil || !o.Guardrails.Defaults {
		return o.Guardrails.Root
	}
	set := []string{DenyLeaving, ProtectAccess}
	if o.Audited() {
		set = append(set, ProtectAudit)
	}
	return set
}

// UnitGuardrails returns those that are attached to a unit. Units within
// another have its guardrails, and no default of their own.
func (o *Organization) UnitGuardrails(unit string) []string {
	u := o.Units[unit]
	if u.Guardrails != nil || !o.Guardrails.Defaults || u.Parent != "" {
		return u.Guardrails
	}
	set := []string{DenyPublicS3, DenyRootUser, RequireIMDSv2}
	if len(o.Guardrails.Regions) > 0 {
		set = append(set, AllowedRegions)
	}
	return set
}

// GuardrailsOf returns the guardrails that bear on a member account: those of the root, of the units that it is in, and its
// own.
func (o *Organization) GuardrailsOf(account string) []string {
	all := slices.Clone(o.RootGuardrails())
	for unit := o.Accounts[account].Unit; unit != ""; unit = o.Units[unit].Parent {
		all = append(all, o.UnitGuardrails(unit)...)
	}
	all = append(all, o.Accounts[account].Guardrails...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Attachments returns all guardrails with what they are attached to: the root,
// then units, then accounts.
func (o *Organization) Attachments() []Attachment {
	var all []Attachment
	for _, guardrail := range o.RootGuardrails() {
		all = append(all, Attachment{Guardrail: guardrail})
	}
	for _, unit := range slices.Sorted(maps.Keys(o.Units)) {
		for _, guardrail := range o.UnitGuardrails(unit) {
			all = append(all, Attachment{Guardrail: guardrail, Unit: unit})
		}
	}
	for _, account := range o.AccountNames() {
		for _, guardrail := range o.Accounts[account].Guardrails {
			all = append(all, Attachment{Guardrail: guardrail, Account: account})
		}
	}
	return all
}

// GuardrailNames returns the guardrails that are attached to something, in
// alphabetical order.
func (o *Organization) GuardrailNames() []string {
	var names []string
	for _, a := range o.Attachments() {
		names = append(names, a.Guardrail)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Guardrail returns the document of a guardrail that is a control policy, and false if there is none of that
// name. Sids are left out: they count in the size that AWS allows.
func (o *Organization) Guardrail(name string) (policy.Document, bool) {
	if own, ok := o.Guardrails.Policies[name]; ok {
		return policy.Document{Statements: own}, true
	}
	build, ok := guardrailLibrary[name]
	if !ok {
		return policy.Document{}, false
	}
	document := build(o)
	if slices.ContainsFunc(document.Statements, exemptsAccessRole) {
		document.Statements = append(document.Statements, keepAccessRole(o))
	}
	return document, true
}

// GuardrailType returns the type of policies that a guardrail is of; empty if there is no guardrail of that name.
func (o *Organization) GuardrailType(name string) string {
	if _, ok := declarativeLibrary[name]; ok {
		return DeclarativePolicyEC2
	}
	document, ok := o.Guardrail(name)
	if !ok {
		return ""
	}
	return typeOf(document.Statements)
}

// typeOf returns the type of a guardrail with these statements. Only statements of resource control policies name a principal.
func typeOf(statements []policy.Statement) string {
	if slices.ContainsFunc(statements, func(s policy.Statement) bool { return s.Principal != nil }) {
		return ResourceControlPolicy
	}
	return ServiceControlPolicy
}

// GuardrailTypes returns the types of the guardrails that are attached to something, in alphabetical order.
func (o *Organization) GuardrailTypes() []string {
	var types []string
	for _, name := range o.GuardrailNames() {
		if policyType := o.GuardrailType(name); policyType != "" { // The file may name one that there isn't.
			types = append(types, policyType)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// GuardrailChoices returns all names that a file may attach, in alphabetical order.
func (o *Organization) GuardrailChoices() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(guardrailLibrary)), maps.Keys(declarativeLibrary))
	return slices.Sorted(slices.Values(slices.AppendSeq(names, maps.Keys(o.Guardrails.Policies))))
}

// Any ARN of a kind, in any account.
const (
	anyRoot = "arn:aws:iam::*:root"
	anyRole = "arn:aws:iam::*:role/"
)

// exceptAccessRole exempts the roles by which the management account enters, and
// so coldstart itself: a guardrail that stops it can't be undone by it.
func exceptAccessRole(o *Organization) policy.Condition {
	return policy.Condition{"ArnNotLike": {"aws:PrincipalArn": accessRoles(o)}}
}

// accessRoles are those roles' ARNs in any account.
func accessRoles(o *Organization) policy.List {
	var arns policy.List
	for _, role := range o.AccessRoles() {
		arns = append(arns, anyRole+role)
	}
	return arns
}

// taggedExceptAccessRole is exceptAccessRole for what has coldstart's tag.
func taggedExceptAccessRole(o *Organization) policy.Condition {
	condition := exceptAccessRole(o)
	condition["StringEquals"] = map[string]policy.List{"aws:ResourceTag/" + managedByTag: {managedByColdstart}}
	return condition
}

func exemptsAccessRole(s policy.Statement) bool {
	return len(s.Condition["ArnNotLike"]["aws:PrincipalArn"]) > 0
}

// keepAccessRole goes with every exemption of the access role: nobody can get at the
// exemption by making the role, in an account that was invited and doesn't have it, or
// by letting oneself into it. AWS makes the role itself, and service control policies
// don't bind what a service makes with a role that is linked to it.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html#not-restricted-by-scp
func keepAccessRole(o *Organization) policy.Statement {
	return policy.Statement{
		Effect:    policy.Deny,
		Action:    []string{"iam:CreateRole", "iam:UpdateAssumeRolePolicy"},
		Resource:  accessRoles(o),
		Condition: exceptAccessRole(o),
	}
}

func deny(statements ...policy.Statement) policy.Document {
	for i := range statements {
		statements[i].Effect = policy.Deny
	}
	return policy.Document{Statements: statements}
}

// denyLeaving keeps an account from being taken out, or closed, from within.
func denyLeaving(*Organization) policy.Document {
	return deny(policy.Statement{Action: []string{"account:CloseAccount", "organizations:LeaveOrganization"}, Resource: []string{"*"}})
}

// denyRootUser stops who signs in as a root user, or has its access key. It doesn't stop sessions of central root access,
// which only the management account can begin, each for one task.
// https://docs.aws.amazon.com/organizations/latest/userguide/best-practices_member-acct.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-assumedroot
func denyRootUser(*Organization) policy.Document {
	return deny(policy.Statement{
		Action:   []string{"*"},
		Resource: []string{"*"},
		Condition: policy.Condition{
			"ArnLike": {"aws:PrincipalArn": {anyRoot}},
			"Null":    {"aws:AssumedRoot": {"true"}},
		},
	})
}

// denyPublicS3 keeps the account's own block, which the baseline sets and which
// no bucket's settings can lift. The action covers setting and deleting it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func denyPublicS3(o *Organization) policy.Document {
	return deny(policy.Statement{
		Action:    []string{"s3:PutAccountPublicAccessBlock"},
		Resource:  []string{"*"},
		Condition: exceptAccessRole(o),
	})
}

// protectAudit keeps trails running and the archive as it is, its key too: it denies
// all but reading, so that no action is forgotten, those that AWS adds included.
//
// What comes through an access point names that, and not the bucket: the archive's own
// policy denies it. An alias has a statement of its own, since a request about it
// doesn't say what the key's aliases are.
//
// With AWS Config, it keeps the recorders on, conformance packs, and the bucket that the recorders write to as it is; also those that
// services export what they find to. With security.findings, it keeps the rule and the topic that bring them to somebody. EventBridge isn't
// bound by it: it calls as a service.
func protectAudit(o *Organization) policy.Document {
	names := []string{o.Name(o.Audit.Account, ArchiveName)}
	if o.Recorded() {
		names = append(names, o.Name(o.Audit.Account, ConfigName))
	}
	for _, e := range o.Exports() {
		names = append(names, o.Name(o.Audit.Account, e.Name))
	}
	var buckets, aliases, aliasARNs []string
	for _, name := range names {
		buckets, aliases, aliasARNs = append(buckets, "arn:aws:s3:::"+name+"-*"), append(aliases, "alias/"+name), append(aliasARNs, "arn:aws:kms:*:*:alias/"+name)
	}
	key := exceptAccessRole(o)
	key["ForAnyValue:StringEquals"] = map[string]policy.List{"kms:ResourceAliases": aliases}
	statements := []policy.Statement{
		{
			NotAction: []string{"cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*"},
			Resource:  []string{"arn:aws:cloudtrail:*:*:trail/" + o.Name("*", TrailName)},
			Condition: exceptAccessRole(o),
		},
		{
			NotAction: []string{"s3:Get*", "s3:List*"},
			Resource:  buckets,
			Condition: exceptAccessRole(o),
		},
		{
			NotAction: []string{"kms:Decrypt", "kms:Describe*", "kms:Get*", "kms:List*"},
			Resource:  []string{"arn:aws:kms:*:*:key/*"},
			Condition: key,
		},
		{
			Action:    []string{"kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"},
			Resource:  aliasARNs,
			Condition: exceptAccessRole(o),
		},
	}
	if o.Recorded() {
		actions := []string{
			"config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:PutConfigurationRecorder", "config:PutDeliveryChannel",
			"config:StopConfigurationRecorder",
		}
		if o.conforms() {
			actions = append(actions, "config:DeleteOrganizationConformancePack", "config:PutOrganizationConformancePack")
			slices.Sort(actions)
		}
		statements = append(statements, policy.Statement{
			Action:    actions,
			Resource:  []string{"*"},
			Condition: exceptAccessRole(o),
		})
	}
	if account := o.FindingsAccount(); account != "" {
		name := o.Name(account, FindingsName)
		statements = append(statements, policy.Statement{
			NotAction: []string{"events:Describe*", "events:List*"},
			Resource:  []string{"arn:aws:events:*:*:rule/" + name},
			Condition: exceptAccessRole(o),
		}, policy.Statement{
			NotAction: []string{"sns:Get*", "sns:List*", "sns:Subscribe"},
			Resource:  []string{"arn:aws:sns:*:*:" + name},
			Condition: exceptAccessRole(o),
		})
	}
	return deny(statements...)
}

// protectAccess keeps the roles by which people, workflows and the management
// account come in, with their boundaries, and what workflows come in by.
//
// Besides its name, the tag that coldstart gives tells a role of coldstart's from a
// team's that is called alike, such as acme-dev-ci-admin. It does so at any number of
// accounts: the exact names of a thousand wouldn't fit into a policy. Nobody can take
// the tag away, since that is a change, too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-resources
func protectAccess(o *Organization) policy.Document {
	var roles, boundaries []string
	for _, role := range slices.Sorted(maps.Keys(o.Access.Roles)) {
		roles = append(roles, anyRole+o.Name("*", role))
		if len(o.Access.Roles[role].Boundary) > 0 {
			boundaries = append(boundaries, "arn:aws:iam::*:policy/"+o.Name("*", role)+"-boundary")
		}
	}
	gitHub := o.Access.GitHub.Repository != ""
	if gitHub {
		roles = append(roles, anyRole+o.Name("*", RolePlan), anyRole+o.Name("*", RoleApply))
	}
	changes := []string{
		"iam:AttachRolePolicy", "iam:DeleteRole*", "iam:DetachRolePolicy", "iam:PutRole*", "iam:TagRole", "iam:UntagRole",
		"iam:UpdateAssumeRolePolicy", "iam:UpdateRole*",
	}
	statements := []policy.Statement{
		{Action: changes, Resource: accessRoles(o), Condition: exceptAccessRole(o)},
		{Action: changes, Resource: roles, Condition: taggedExceptAccessRole(o)},
	}
	if gitHub {
		statements = append(statements, policy.Statement{
			Action: []string{
				"iam:AddClientID*", "iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:RemoveClientID*",
				"iam:UpdateOpenIDConnectProvider*",
			},
			Resource:  []string{"arn:aws:iam::*:oidc-provider/" + GitHubIssuer},
			Condition: exceptAccessRole(o),
		})
	}
	if len(boundaries) > 0 {
		statements = append(statements, policy.Statement{
			Action: []string{
				"iam:CreatePolicyVersion", "iam:DeletePolicy*", "iam:SetDefaultPolicyVersion", "iam:TagPolicy", "iam:UntagPolicy",
			},
			Resource:  boundaries,
			Condition: taggedExceptAccessRole(o),
		})
	}
	return deny(statements...)
}

// globalServiceActions are the services and actions that are served from one region for all,
// so that a rule for regions would shut them off, and what reads of all regions.
// Certificates, keys and web ACLs are here because those of CloudFront, and of Route
// 53's DNSSEC, have to be in us-east-1. The list is that of Control Tower's control
// for regions, without services that have closed to new customers, and with what has
// been added since.
// https://docs.aws.amazon.com/controltower/latest/controlreference/primary-region-deny-policy.html
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html
// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
var globalServiceActions = []string{
	"access-analyzer:*", "account:*", "acm:*", "activate:*", "artifact:*", "aws-marketplace-management:*",
	"aws-marketplace:*", "aws-portal:*", "bcm-dashboards:*", "bcm-data-exports:*", "bcm-pricing-calculator:*", "bcm-recommended-actions:*", "billing:*", "billingconductor:*", "budgets:*", "ce:*", "chatbot:*",
	"cloudfront-keyvaluestore:*", "cloudfront:*", "cloudtrail:LookupEvents", "compute-optimizer:*", "config:*",
	"consoleapp:*", "consolidatedbilling:*", "cost-optimization-hub:*", "cur:*", "directconnect:*",
	"ec2:DescribeRegions", "ec2:DescribeTransitGateways", "ec2:DescribeVpnGateways", "ecr-public:*", "fms:*",
	"freetier:*", "globalaccelerator:*", "health:*", "iam:*", "invoicing:*", "kms:*",
	"license-manager:ListReceivedLicenses", "networkmanager:*", "notifications-contacts:*", "notifications:*",
	"organizations:*", "payments:*", "pricing:*", "purchase-orders:*", "quicksight:DescribeAccountSubscription",
	"resource-explorer-2:*", "route53-recovery-cluster:*", "route53-recovery-control-config:*",
	"route53-recovery-readiness:*", "route53:*", "route53domains:*", "s3:*MultiRegionAccessPoint*",
	"s3:GetAccountPublic*", "s3:GetBucketLocation", "s3:GetBucketPolicyStatus", "s3:GetBucketPublicAccessBlock",
	"s3:GetStorageLens*", "s3:ListAllMyBuckets", "s3:ListStorageLens*", "s3:PutAccountPublic*", "savingsplans:*",
	"shield:*", "signin:*", "sso:*", "sts:*", "support:*", "supportapp:*", "supportplans:*", "sustainability:*",
	"tag:GetResources", "tax:*", "trustedadvisor:*", "uxc:*", "vendor-insights:ListEntitledSecurityProfiles",
	"waf-regional:*", "waf:*", "wafv2:*",
}

func allowedRegions(o *Organization) policy.Document {
	return deny(policy.Statement{
		NotAction: globalServiceActions,
		Resource:  []string{"*"},
		Condition: policy.Condition{
			"ArnNotLike":      exceptAccessRole(o)["ArnNotLike"],
			"StringNotEquals": {"aws:RequestedRegion": slices.Sorted(slices.Values(o.Guardrails.Regions))},
		},
	})
}

// requireIMDSv2 keeps instances from being started or changed to answer the old
// metadata service, and what still runs with it from using its credentials. A
// change of any other metadata option has to say HttpTokens=required along.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-instance-metadata
func requireIMDSv2(*Organization) policy.Document {
	return deny(
		policy.Statement{
			Action:    []string{"ec2:RunInstances"},
			Resource:  []string{"arn:aws:ec2:*:*:instance/*"},
			Condition: policy.Condition{"StringNotEquals": {"ec2:MetadataHttpTokens": {"required"}}},
		},
		policy.Statement{
			Action:    []string{"ec2:ModifyInstanceMetadataOptions"},
			Resource:  []string{"*"},
			Condition: policy.Condition{"StringNotEquals": {"ec2:Attribute/HttpTokens": {"required"}}},
		},
		policy.Statement{
			Action:    []string{"*"},
			Resource:  []string{"*"},
			Condition: policy.Condition{"NumericLessThan": {"ec2:RoleDelivery": {"2.0"}}},
		},
	)
}

// quarantine stops everybody but who comes from the management account.
func quarantine(o *Organization) policy.Document {
	return deny(policy.Statement{Action: []string{"*"}, Resource: []string{"*"}, Condition: exceptAccessRole(o)})
}
