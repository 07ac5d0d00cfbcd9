package promises

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/permissions"
	"github.com/coldstart-aws/coldstart/organization"
)

// The kinds of policies that promises name.
const (
	resource = authorization.Resource
	identity = authorization.Identity
	allowed  = authorization.Allowed
)

// effect is what a guardrail does to a call.
type effect struct {
	action, on string
	keys       map[string][]string
	// denies says whether the guardrail denies the call to who, and spares that it doesn't deny it to coldstart.
	denies, spares bool
	// who is the root user if it is empty, since that may do everything but for guardrails.
	who string
	// only says that coldstart doesn't make such a call.
	only bool
}

// denies is what a guardrail denies to everybody but coldstart, whole what it denies to coldstart too, and lets what it
// denies to nobody.
func denies(action, on string, keys ...string) effect {
	return effect{action: action, on: on, keys: with(keys...), denies: true, spares: true}
}

func whole(action, on string, keys ...string) effect {
	return effect{action: action, on: on, keys: with(keys...), denies: true}
}

func lets(action, on string, keys ...string) effect {
	return effect{action: action, on: on, keys: with(keys...), spares: true}
}

// askGuardrails: each guardrail of the library does what it is for where it is attached, and nothing to what is next to it.
func askGuardrails(a *asking) {
	for _, member := range a.members {
		for _, guardrail := range a.org.GuardrailsOf(member) {
			policy, kind := a.org.Namespace+"-"+guardrail, authorization.ServiceControl
			if a.org.GuardrailType(guardrail) == organization.ResourceControlPolicy {
				kind = authorization.ResourceControl
			}
			for _, e := range a.effects(guardrail, member) {
				q := question{who: e.who, action: e.action, in: member, on: e.on, keys: e.keys}
				if q.who == "" {
					q.who = permissions.Root
				}
				a.affected(q, e.denies, kind, policy)
				if q.who = permissions.Coldstart; !e.only {
					a.affected(q, !e.spares, kind, policy)
				}
			}
		}
	}
}

// affected asks whether a policy denies, or doesn't.
func (a *asking) affected(q question, denied bool, kind authorization.Kind, policy string) {
	if denied {
		a.barred(q, kind, policy)
	} else {
		a.spared(q, kind, policy)
	}
}

// effects are those of a guardrail in an account; none of a guardrail of the declaration's own.
func (a *asking) effects(guardrail, in string) []effect {
	var (
		iam      = "arn:aws:iam::{" + in + "}:"
		ec2      = "arn:aws:ec2:" + a.org.Region + ":{" + in + "}:"
		access   = iam + "role/" + a.org.AccessRoleOf(in)
		instance = ec2 + "instance/i-1"
	)
	switch guardrail {
	case organization.DenyLeaving:
		return []effect{whole("organizations:LeaveOrganization", ""), whole("account:CloseAccount", ""), lets("organizations:DescribeOrganization", "")}
	case organization.DenyRootUser:
		return []effect{denies("s3:ListAllMyBuckets", ""), denies("iam:CreateRole", ""), lets("s3:DeleteBucketPolicy", "arn:aws:s3:::any", "aws:AssumedRoot", "true")}
	case organization.Quarantine:
		return []effect{denies("s3:ListAllMyBuckets", ""), denies("iam:CreateRole", access)}
	case organization.DenyPublicS3:
		return keeping(access, denies("s3:PutAccountPublicAccessBlock", ""), lets("s3:CreateBucket", ""))
	case organization.DenyMarketplace:
		return keeping(access, denies("aws-marketplace:Subscribe", ""), denies("aws-marketplace:CreateAgreementRequest", ""), denies("aws-marketplace:AcceptAgreementRequest", ""), lets("aws-marketplace:ViewSubscriptions", ""))
	case organization.DenyIAMUsers:
		return keeping(access, denies("iam:CreateUser", iam+"user/any"), denies("iam:CreateAccessKey", iam+"user/any"), denies("iam:CreateLoginProfile", iam+"user/any"), lets("iam:CreateRole", iam+"role/any"))
	case organization.ProtectAudit:
		return a.effectsOfAudit(access, in)
	case organization.ProtectAccess:
		return a.effectsOfAccess(iam, access, in)
	case organization.AllowedRegions:
		return keeping(access,
			denies("ec2:DescribeInstances", "", "aws:RequestedRegion", "any-region-1"), lets("ec2:DescribeInstances", "", "aws:RequestedRegion", a.org.Guardrails.Regions[0]),
			lets("iam:ListRoles", "", "aws:RequestedRegion", "any-region-1"))
	case organization.RequireIMDSv2:
		return []effect{
			whole("ec2:RunInstances", instance, "ec2:MetadataHttpTokens", "optional"), lets("ec2:RunInstances", instance, "ec2:MetadataHttpTokens", "required"),
			lets("ec2:RunInstances", ec2+"volume/v-1", "ec2:MetadataHttpTokens", ""),
			whole("ec2:ModifyInstanceMetadataOptions", instance, "ec2:Attribute/HttpTokens", "optional"), lets("ec2:ModifyInstanceMetadataOptions", instance, "ec2:Attribute/HttpTokens", "required"),
			whole("s3:ListAllMyBuckets", "", "ec2:RoleDelivery", "1.0"), lets("s3:ListAllMyBuckets", "", "ec2:RoleDelivery", "2.0"),
		}
	}
	return a.effectsOfExtras(guardrail, ec2, access, in)
}

// keeping adds that nobody makes, or opens, the role that a guardrail exempts.
func keeping(access string, effects ...effect) []effect {
	return append(effects, denies("iam:CreateRole", access), denies("iam:UpdateAssumeRolePolicy", access), lets("iam:CreateRole", access+"-any"))
}

// effectsOfAudit are those of the guardrail that keeps trails and archive.
func (a *asking) effectsOfAudit(access, in string) []effect {
	var (
		name  = a.org.Name(a.org.Audit.Account, organization.ArchiveName)
		trail = "arn:aws:cloudtrail:" + a.org.Region + ":{" + in + "}:trail/"
		logs  = "arn:aws:s3:::" + name + "-{" + a.org.Audit.Account + "}"
		kms   = "arn:aws:kms:" + a.org.Region + ":{" + in + "}:"
		alias = []string{"kms:ResourceAliases", "alias/" + name}
	)
	return keeping(access,
		denies("cloudtrail:StopLogging", trail+a.org.Name(in, organization.TrailName)), denies("cloudtrail:PutEventSelectors", trail+a.org.Name(organization.Master, organization.TrailName)),
		lets("cloudtrail:GetTrailStatus", trail+a.org.Name(in, organization.TrailName)), lets("cloudtrail:StopLogging", trail+"any"),
		denies("s3:DeleteObject", logs+"/any"), denies("s3:PutBucketPolicy", logs), lets("s3:GetObject", logs+"/any"), lets("s3:PutObject", "arn:aws:s3:::any/any"),
		denies("kms:ScheduleKeyDeletion", kms+"key/any", alias...), denies("kms:PutKeyPolicy", kms+"key/any", alias...), lets("kms:Decrypt", kms+"key/any", alias...),
		lets("kms:ScheduleKeyDeletion", kms+"key/any", "kms:ResourceAliases", "alias/any"),
		denies("kms:UpdateAlias", kms+"alias/"+name), lets("kms:UpdateAlias", kms+"alias/any"),
	)
}

// effectsOfAccess are those of the guardrail that keeps what people, workflows and coldstart come in by.
func (a *asking) effectsOfAccess(iam, access, in string) []effect {
	ours, theirs := []string{"aws:ResourceTag/ManagedBy", "coldstart"}, []string{"aws:ResourceTag/ManagedBy", "any"}
	effects := []effect{denies("iam:UpdateAssumeRolePolicy", access), denies("iam:DeleteRole", access), denies("iam:PutRolePolicy", access), lets("iam:GetRole", access), lets("iam:DeleteRole", access+"-any")}
	roles := a.org.IAMRoles(in)
	if a.org.Access.GitHub.Repository != "" {
		roles = append(roles, organization.RolePlan, organization.RoleApply)
		provider := iam + "oidc-provider/"
		effects = append(effects,
			denies("iam:UpdateOpenIDConnectProviderThumbprint", provider+organization.GitHubIssuer), denies("iam:DeleteOpenIDConnectProvider", provider+organization.GitHubIssuer),
			lets("iam:DeleteOpenIDConnectProvider", provider+"any.example"))
	}
	for _, role := range roles {
		role = iam + "role/" + a.org.Name(in, role)
		effects = append(effects,
			denies("iam:AttachRolePolicy", role, ours...), denies("iam:UntagRole", role, ours...), denies("iam:UpdateAssumeRolePolicy", role, ours...),
			lets("iam:AttachRolePolicy", role, theirs...), lets("iam:AttachRolePolicy", role+"-any", ours...))
	}
	for _, role := range a.org.IAMRoles(in) {
		if len(a.org.Access.Roles[role].Boundary) > 0 {
			boundary := iam + "policy/" + a.org.Name(in, role) + "-boundary"
			effects = append(effects, denies("iam:CreatePolicyVersion", boundary, ours...), lets("iam:CreatePolicyVersion", boundary, theirs...), lets("iam:CreatePolicyVersion", boundary+"-any", ours...))
		}
	}
	return keeping(access, effects...)
}

// effectsOfPerimeter are those of the guardrail that keeps everybody out who isn't in the organization.
func (a *asking) effectsOfPerimeter(access string) []effect {
	const object, service = "arn:aws:s3:::any/any", "cloudtrail.amazonaws.com"
	asks := func(who string, denied bool, action, on string, keys ...string) effect {
		return effect{action: action, on: on, keys: with(keys...), denies: denied, who: who, only: true}
	}
	foreigner := "arn:aws:iam::" + stranger + ":role/any"
	effects := []effect{
		asks(foreigner, true, "s3:GetObject", object), asks(foreigner, true, "sts:AssumeRole", access),
		asks(service, true, "s3:PutObject", object, "aws:SourceAccount", stranger, "aws:SourceOrgID", "o-another"),
		asks(service, true, "s3:PutObject", object, "aws:SourceAccount", stranger, "aws:SourceOrgID", ""),
		asks(service, false, "s3:PutObject", object, "aws:SourceAccount", "", "aws:SourceOrgID", ""),
		asks(service, false, "s3:PutObject", object, "aws:SourceAccount", stranger, "aws:SourceOrgID", a.OrganizationID()),
		lets("s3:GetObject", object), lets("sts:AssumeRole", access),
	}
	for _, partner := range a.org.Guardrails.Partners {
		effects = append(effects,
			asks("arn:aws:iam::"+partner+":role/any", false, "sts:AssumeRole", access),
			asks(service, false, "s3:PutObject", object, "aws:SourceAccount", partner, "aws:SourceOrgID", "o-another"))
	}
	return effects
}

// effectsOfExtras are those of guardrails that are off by default.
func (a *asking) effectsOfExtras(guardrail, ec2, access, in string) []effect {
	instance, volume, snapshot := ec2+"instance/i-1", ec2+"volume/v-1", "arn:aws:ec2:"+a.org.Region+"::snapshot/snap-1"
	switch guardrail {
	case organization.AllowedInstanceTypes:
		allowed := strings.NewReplacer("*", "any", "?", "a").Replace(a.org.Guardrails.InstanceTypes[0])
		return keeping(access,
			denies("ec2:RunInstances", instance, "ec2:InstanceType", "any.type"), lets("ec2:RunInstances", instance, "ec2:InstanceType", allowed), lets("ec2:RunInstances", volume, "ec2:InstanceType", ""),
			denies("ec2:ModifyInstanceAttribute", instance, "ec2:Attribute/InstanceType", "any.type"), lets("ec2:ModifyInstanceAttribute", instance, "ec2:Attribute/InstanceType", allowed),
			lets("ec2:ModifyInstanceAttribute", instance, "ec2:Attribute", "any", "ec2:Attribute/InstanceType", ""))
	case organization.AllowedNetworks:
		outside := []string{"aws:SourceIp", "192.0.2.1", "aws:ViaAWSService", "false"}
		inside := netip.MustParsePrefix(a.org.Guardrails.Networks[0]).Addr().String()
		effects := []effect{lets("ec2:DescribeInstances", "", outside...)}
		for _, role := range slices.Concat(a.roles(in), a.sets(in)) {
			person := denies("ec2:DescribeInstances", "", outside...)
			person.who = role
			effects = append(effects, person)
			for _, keys := range [][]string{{"aws:SourceIp", inside, "aws:ViaAWSService", "false", "aws:SourceVpc", ""}, {"aws:SourceIp", "192.0.2.1", "aws:ViaAWSService", "true"}, append([]string{"aws:SourceVpc", "vpc-1"}, outside...)} {
				through := lets("ec2:DescribeInstances", "", keys...)
				through.who = role
				effects = append(effects, through)
			}
		}
		return effects
	case organization.DenyForeignResources:
		return keeping(access,
			denies("s3:PutObject", "arn:aws:s3:::any/any", "aws:ResourceOrgID", "o-another"), denies("sts:AssumeRole", "arn:aws:iam::"+stranger+":role/any", "aws:ResourceOrgID", "o-another"),
			lets("s3:GetObject", "arn:aws:s3:::any/any", "aws:ResourceOrgID", "o-another"), lets("sns:Publish", "arn:aws:sns:"+a.org.Region+":{"+in+"}:any"),
			lets("s3:PutObject", "arn:aws:s3:::any/any", "aws:ResourceOrgID", ""))
	case organization.DenyForeignPrincipals:
		return a.effectsOfPerimeter(access)
	case organization.RequireEncryption:
		return []effect{
			whole("ec2:CreateVolume", volume, "ec2:Encrypted", "false"), lets("ec2:CreateVolume", volume, "ec2:Encrypted", "true"), lets("ec2:RunInstances", instance, "ec2:Encrypted", "false"),
			whole("ec2:DisableEbsEncryptionByDefault", ""), lets("ec2:EnableEbsEncryptionByDefault", ""),
			whole("rds:CreateDBCluster", "", "rds:StorageEncrypted", "false"), lets("rds:CreateDBCluster", "", "rds:StorageEncrypted", "true"),
			whole("rds:CreateDBInstance", "", "rds:StorageEncrypted", "false", "rds:DatabaseEngine", "postgres"), lets("rds:CreateDBInstance", "", "rds:StorageEncrypted", "true", "rds:DatabaseEngine", "postgres"),
			lets("rds:CreateDBInstance", "", "rds:StorageEncrypted", "false", "rds:DatabaseEngine", "aurora-mysql"),
			whole("elasticfilesystem:CreateFileSystem", "", "elasticfilesystem:Encrypted", "false"), lets("elasticfilesystem:CreateFileSystem", "", "elasticfilesystem:Encrypted", "true"),
		}
	case organization.RequireTags:
		var effects []effect
		var complete []string
		for _, tag := range a.org.Guardrails.Tags {
			complete = append(complete, "aws:RequestTag/"+tag, "any")
		}
		makes := [][2]string{{"ec2:RunInstances", instance}, {"ec2:CreateVolume", volume}, {"lambda:CreateFunction", ""}}
		for _, q := range makes {
			effects = append(effects, lets(q[0], q[1], complete...))
		}
		for _, tag := range a.org.Guardrails.Tags {
			for _, q := range makes {
				effects = append(effects, denies(q[0], q[1], append(slices.Clone(complete), "aws:RequestTag/"+tag, "")...))
			}
			effects = append(effects, lets("ec2:RunInstances", volume, "aws:RequestTag/"+tag, ""), lets("ec2:CreateVolume", snapshot, "aws:RequestTag/"+tag, ""))
		}
		return keeping(access, effects...)
	}
	return nil
}
