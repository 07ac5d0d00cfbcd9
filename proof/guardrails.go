package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// proveGuardrails proves the control policies and their attachments.
func (p *prover) proveGuardrails(ctx context.Context, a *account) {
	types := p.controlTypes()
	if len(types) == 0 {
		return // AWS has no such policies then, and the declaration attaches none.
	}
	ids, err := guardrailIDs(ctx, a.organizations, types)
	for _, name := range p.org.GuardrailNames() {
		p.proveGuardrail(ctx, a, name, ids[p.guardrailName(name)], err)
	}
	p.proveAttachments(ctx, a, types)
	p.proveEffective(ctx, a)
}

// controlTypes are the declared types of policies that guardrails may be of.
func (p *prover) controlTypes() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(organization.GuardrailKinds)), func(policyType string) bool {
		return !slices.Contains(p.org.Settings.PolicyTypes, policyType)
	})
}

// proveGuardrail proves what a guardrail denies. err says why its id isn't known.
func (p *prover) proveGuardrail(ctx context.Context, a *account, name, id string, err error) {
	const subject = SubjectGuardrail
	full, content := p.guardrailName(name), ""
	kind := organization.GuardrailKinds[p.org.GuardrailType(name)]
	a.claim(subject, fmt.Sprintf("%s is a %s of at most %d characters", full, kind.Name, kind.Size), func() error {
		if err != nil {
			return err
		}
		var readErr error
		content, readErr = readGuardrail(ctx, a.organizations, full, id, kind)
		return readErr
	})
	claim, check := p.guardrailRule(name)
	a.claim(subject, full+" "+claim, func() error {
		if content == "" {
			return fmt.Errorf("there is no content of %s", full)
		}
		if check == nil {
			return p.declares(name, content)
		}
		d, err := parsePolicy(content)
		if err != nil {
			return err
		}
		return check(d)
	})
}

// declares checks that a document says what is declared. White space and the order of members don't matter.
func (p *prover) declares(name, content string) error {
	declared, _ := p.org.GuardrailContent(name)
	var got, want any
	if err := errors.Join(json.Unmarshal([]byte(content), &got), json.Unmarshal([]byte(declared), &want)); err != nil {
		return err
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("it is %s, and not %s", content, declared)
	}
	return nil
}

// proveEffective proves what a declarative policy amounts to in each member that it is attached to or above: a policy that
// somebody has attached below may take it back.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeEffectivePolicy.html
func (p *prover) proveEffective(ctx context.Context, a *account) {
	for _, member := range p.org.AccountNames() {
		for _, name := range p.org.GuardrailsOf(member) {
			if p.org.GuardrailType(name) != organization.DeclarativePolicyEC2 {
				continue
			}
			a.claim(SubjectGuardrail, fmt.Sprintf("%s is effective in account %s", p.guardrailName(name), member), func() error {
				id, err := p.accountID(member)
				if err != nil {
					return err
				}
				out, err := a.organizations.DescribeEffectivePolicy(ctx, &organizations.DescribeEffectivePolicyInput{
					PolicyType: types.EffectivePolicyTypeDeclarativePolicyEc2, TargetId: &id,
				})
				if err != nil {
					return err
				}
				content, _ := p.org.GuardrailContent(name)
				return assigned(content, aws.ToString(out.EffectivePolicy.PolicyContent))
			})
		}
	}
}

// assigned checks that an effective policy has all that a policy assigns.
func assigned(content, effective string) error {
	var policy, of any
	if err := errors.Join(json.Unmarshal([]byte(content), &policy), json.Unmarshal([]byte(effective), &of)); err != nil {
		return err
	}
	return within(policy, of, "")
}

func within(policy, effective any, at string) error {
	members, _ := policy.(map[string]any)
	if value, ok := members["@@assign"]; ok {
		if !reflect.DeepEqual(value, effective) {
			return fmt.Errorf("%s is %v, and not %v", strings.TrimPrefix(at, "."), effective, value)
		}
		return nil
	}
	of, _ := effective.(map[string]any)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(members)) {
		errs = append(errs, within(members[name], of[name], at+"."+name))
	}
	return errors.Join(errs...)
}

func (p *prover) guardrailName(name string) string { return p.org.Namespace + "-" + name }

// guardrailIDs returns the ids of all policies of some types by name.
func guardrailIDs(ctx context.Context, client *organizations.Client, policyTypes []string) (map[string]string, error) {
	ids := map[string]string{}
	for _, policyType := range policyTypes {
		pages := organizations.NewListPoliciesPaginator(client, &organizations.ListPoliciesInput{Filter: types.PolicyType(policyType)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, policy := range page.Policies {
				ids[aws.ToString(policy.Name)] = aws.ToString(policy.Id)
			}
		}
	}
	return ids, nil
}

func readGuardrail(ctx context.Context, client *organizations.Client, name, id string, kind organization.GuardrailKind) (string, error) {
	if id == "" {
		return "", fmt.Errorf("there is no %s %s", kind.Name, name)
	}
	out, err := client.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: &id})
	if err != nil {
		return "", err
	}
	content := aws.ToString(out.Policy.Content)
	if size := utf8.RuneCountInString(content); size > kind.Size {
		return content, fmt.Errorf("it has %d characters", size)
	}
	if summary := out.Policy.PolicySummary; summary != nil && organization.GuardrailKinds[string(summary.Type)] != kind {
		return content, fmt.Errorf("it is of type %s", summary.Type)
	}
	return content, nil
}

// target is a root, unit or account that guardrails can be attached to.
type target struct {
	organization.Attachment
	id  string
	err error // why there is no id
}

// targets returns the root, all units and all members.
func (p *prover) targets() []target {
	find := func(at organization.Attachment, id string, err error) target { return target{at, id, err} }
	root, err := p.unitID("")
	all := []target{find(organization.Attachment{}, root, err)}
	for _, unit := range p.org.UnitNames() {
		id, err := p.unitID(unit)
		all = append(all, find(organization.Attachment{Unit: unit}, id, err))
	}
	for _, account := range p.org.AccountNames() {
		id, err := p.accountID(account)
		all = append(all, find(organization.Attachment{Account: account}, id, err))
	}
	return all
}

// proveAttachments proves for every target that the declared guardrails are attached. Policies that
// others have attached don't matter.
func (p *prover) proveAttachments(ctx context.Context, a *account, policyTypes []string) {
	declared := map[string][]string{}
	for _, at := range p.org.Attachments() {
		declared[at.Target()] = append(declared[at.Target()], p.guardrailName(at.Guardrail))
	}
	for _, t := range p.targets() {
		want := declared[t.Target()]
		claim := t.Target() + " has no guardrail of coldstart's itself"
		if len(want) > 0 {
			claim = fmt.Sprintf("%s has %s itself and no other guardrail of coldstart's", t.Target(), listed(want))
		}
		a.claim(SubjectGuardrail, claim, func() error {
			if t.err != nil {
				return t.err
			}
			attached, err := attachedTo(ctx, a.organizations, t.id, policyTypes)
			if err != nil {
				return err
			}
			// Where no service control policy allows an action, the action is denied. Of the other type, AWS attaches its
			// own policy by itself, and nobody can detach it.
			full := organization.GuardrailKinds[organization.ServiceControlPolicy].Everything
			if slices.Contains(policyTypes, organization.ServiceControlPolicy) && !slices.Contains(attached, full) {
				return fmt.Errorf("it has no %s, and so allows nothing", full)
			}
			return exactly(slices.DeleteFunc(attached, func(name string) bool { return !p.ownGuardrail(name) }), want)
		})
	}
}

// ownGuardrail reports whether a policy has the name of a guardrail that a declaration can attach.
func (p *prover) ownGuardrail(name string) bool {
	short, ok := strings.CutPrefix(name, p.org.Namespace+"-")
	return ok && slices.Contains(p.org.GuardrailChoices(), short)
}

// attachedTo returns the names of the policies of some types that are attached to a root, a unit or an account itself.
func attachedTo(ctx context.Context, client *organizations.Client, id string, policyTypes []string) ([]string, error) {
	var names []string
	for _, policyType := range policyTypes {
		pages := organizations.NewListPoliciesForTargetPaginator(client, &organizations.ListPoliciesForTargetInput{TargetId: &id, Filter: types.PolicyType(policyType)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			for _, policy := range page.Policies {
				names = append(names, aws.ToString(policy.Name))
			}
		}
	}
	return names, nil
}

// guardrailRule returns the purpose of a guardrail, and the check of that purpose. Those that are off by default have to say
// what is declared; whether that does what it is for, the promises say. Without a check, the document isn't IAM's.
func (p *prover) guardrailRule(name string) (string, func(*policyDocument) error) {
	rule, restated := p.library()[name]
	switch {
	case name == organization.AllowedRegions:
		return rule.claim, func(d *policyDocument) error { return p.checkRegions(d) }
	case restated:
		return rule.claim, func(d *policyDocument) error { return d.deniesOnly(rule.denials) }
	}
	declared, ok := p.org.Guardrail(name)
	if !ok {
		return "says what is declared", nil
	}
	return "says what is declared", func(d *policyDocument) error { return d.says(declared.Statements) }
}

// libraryRule is the purpose of one of coldstart's own guardrails.
type libraryRule struct {
	claim   string
	denials []denial
}

// denial is something that a guardrail has to deny.
type denial struct {
	// actions are the actions that have to be denied, on exactly these resources and with exactly
	// this condition. Actions that begin with an exclamation mark are the only ones that aren't
	// denied.
	actions, resources []string
	condition          policyCondition
}

// butAccessRole exempts the access role. A guardrail that denied everything to coldstart could only
// be removed by the management account.
func (p *prover) butAccessRole() (s policyStatement) {
	s.require("ArnNotLike", "aws:PrincipalArn", p.accessRoles()...)
	return s
}

// accessRoles are the ARNs of the access roles, in any account.
func (p *prover) accessRoles() (arns []string) {
	for _, role := range p.org.AccessRoles() {
		arns = append(arns, "arn:aws:iam::*:role/"+role)
	}
	return arns
}

// keepsAccessRole is the denial that each exemption of the access role needs. An invited account
// doesn't have that role, and whoever could create it would be exempt.
func (p *prover) keepsAccessRole() denial {
	return denial{
		[]string{"iam:CreateRole", "iam:UpdateAssumeRolePolicy"},
		p.accessRoles(),
		p.butAccessRole().Condition,
	}
}

// conditionOf returns a condition.
func conditionOf(operator, key string, values ...string) policyCondition {
	var s policyStatement
	s.require(operator, key, values...)
	return s.Condition
}

// rootUsers is the condition of a denial to root users, but not to sessions of central root access.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-assumedroot
func rootUsers() policyCondition {
	var s policyStatement
	s.require("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:root")
	s.require("Null", "aws:AssumedRoot", "true")
	return s.Condition
}

// library are coldstart's guardrails that are attached by default, and quarantine. It states again what they deny; package organization says
// why.
func (p *prover) library() map[string]libraryRule {
	all, others := []string{"*"}, " nobody but "+strings.Join(p.org.AccessRoles(), " and ")+" "
	but := p.butAccessRole().Condition
	return map[string]libraryRule{
		organization.DenyLeaving: {"lets no account leave the organization or close itself", []denial{
			{[]string{"organizations:LeaveOrganization", "account:CloseAccount"}, all, nil},
		}},
		organization.DenyRootUser: {"stops root users", []denial{
			{all, all, rootUsers()},
		}},
		organization.DenyPublicS3: {"lets" + others + "lift the block of public S3 access", []denial{
			{[]string{"s3:PutAccountPublicAccessBlock"}, all, but}, p.keepsAccessRole(),
		}},
		organization.ProtectAudit:   {"lets" + others + "change trails, the archive and its key", append(p.auditDenials(), p.keepsAccessRole())},
		organization.ProtectAccess:  {"lets" + others + "change the roles by which people and programs come in", p.accessDenials()},
		organization.AllowedRegions: {"lets" + others + "work in regions other than " + listed(p.org.Guardrails.Regions), nil},
		organization.RequireIMDSv2: {"demands version 2 of the instance metadata service", []denial{
			{[]string{"ec2:RunInstances"}, []string{"arn:aws:ec2:*:*:instance/*"}, conditionOf("StringNotEquals", "ec2:MetadataHttpTokens", "required")},
			{[]string{"ec2:ModifyInstanceMetadataOptions"}, all, conditionOf("StringNotEquals", "ec2:Attribute/HttpTokens", "required")},
			{all, all, conditionOf("NumericLessThan", "ec2:RoleDelivery", "2.0")},
		}},
		organization.Quarantine: {"lets" + others + "do anything", []denial{{all, all, but}, p.keepsAccessRole()}},
	}
}

func (p *prover) auditDenials() []denial {
	names := []string{"trails"}
	if p.org.Recorded() {
		names = append(names, "config")
	}
	if is := p.org.Security.GuardDuty; is != nil && is.Export {
		names = append(names, "guardduty")
	}
	if is := p.org.Security.Macie; is != nil && is.Export {
		names = append(names, "macie")
	}
	var buckets, aliases, aliasARNs []string
	for _, what := range names {
		name := p.org.Name(p.org.Audit.Account, what)
		buckets, aliases, aliasARNs = append(buckets, "arn:aws:s3:::"+name+"-*"), append(aliases, "alias/"+name), append(aliasARNs, "arn:aws:kms:*:*:alias/"+name)
	}
	but, key := p.butAccessRole().Condition, p.butAccessRole()
	key.require("ForAnyValue:StringEquals", "kms:ResourceAliases", aliases...)
	denials := []denial{
		{[]string{"!cloudtrail:Describe*", "!cloudtrail:Get*", "!cloudtrail:List*"}, []string{"arn:aws:cloudtrail:*:*:trail/" + p.org.Name("*", "trail")}, but},
		{[]string{"!s3:Get*", "!s3:List*"}, buckets, but},
		{[]string{"!kms:Decrypt", "!kms:Describe*", "!kms:Get*", "!kms:List*"}, []string{"arn:aws:kms:*:*:key/*"}, key.Condition},
		{[]string{"kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"}, aliasARNs, but},
	}
	if p.org.Recorded() {
		actions := []string{
			"config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:PutConfigurationRecorder", "config:PutDeliveryChannel",
			"config:StopConfigurationRecorder",
		}
		if p.org.ConformanceAccount() != "" {
			actions = append(actions, "config:DeleteOrganizationConformancePack", "config:PutOrganizationConformancePack")
		}
		denials = append(denials, denial{actions, []string{"*"}, but})
	}
	if account := p.org.FindingsAccount(); account != "" {
		name := p.org.Name(account, "findings")
		denials = append(denials,
			denial{[]string{"!events:Describe*", "!events:List*"}, []string{"arn:aws:events:*:*:rule/" + name}, but},
			denial{[]string{"!sns:Get*", "!sns:List*", "!sns:Subscribe"}, []string{"arn:aws:sns:*:*:" + name}, but},
		)
	}
	return denials
}

func (p *prover) accessDenials() []denial {
	var names, boundaries []string
	for role, declared := range p.org.Access.Roles {
		names = append(names, p.org.Name("*", role))
		if len(declared.Boundary) > 0 {
			boundaries = append(boundaries, "arn:aws:iam::*:policy/"+p.org.Name("*", role)+"-boundary")
		}
	}
	tagged := p.butAccessRole()
	tagged.require("StringEquals", "aws:ResourceTag/ManagedBy", "coldstart")
	var denials []denial
	if len(boundaries) > 0 {
		denials = append(denials, denial{
			[]string{
				"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion", "iam:DeletePolicy",
				"iam:TagPolicy", "iam:UntagPolicy",
			},
			boundaries, tagged.Condition,
		})
	}
	if p.org.Access.GitHub.Repository != "" {
		names = append(names, p.org.Name("*", organization.RolePlan), p.org.Name("*", organization.RoleApply))
		denials = append(denials, denial{
			[]string{
				"iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider",
				"iam:AddClientIDToOpenIDConnectProvider", "iam:UpdateOpenIDConnectProviderThumbprint",
			},
			[]string{"arn:aws:iam::*:oidc-provider/" + gitHubIssuer},
			p.butAccessRole().Condition,
		})
	}
	var roles []string
	for _, name := range names {
		roles = append(roles, "arn:aws:iam::*:role/"+name)
	}
	changes := []string{
		"iam:DeleteRole", "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy",
		"iam:DetachRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary",
		"iam:DeleteRolePermissionsBoundary", "iam:TagRole", "iam:UntagRole",
	}
	access := p.keepsAccessRole()
	access.actions = append(access.actions, changes...)
	return append(denials, access, denial{changes, roles, tagged.Condition})
}

// deniesOnly checks that a policy denies everything that it has to, and denies nothing on other
// resources, with other conditions, or of other services.
func (d *policyDocument) deniesOnly(denials []denial) error {
	denied := make([][]string, len(denials))
	for _, s := range d.Statement {
		i := slices.IndexFunc(denials, func(want denial) bool {
			return sameSet(s.Resource, want.resources) && s.Condition.is(want.condition)
		})
		if s.Effect != "Deny" || len(s.NotResource) > 0 || i < 0 || !sameSet(s.NotAction, denials[i].exceptions()) {
			return fmt.Errorf("it also says %s", s.canonical())
		}
		if len(s.NotAction) > 0 {
			denied[i] = denials[i].actions
			continue
		}
		for _, action := range s.Action {
			if !slices.ContainsFunc(denials[i].actions, func(want string) bool { return service(want) == service(action) }) {
				return fmt.Errorf("it also denies %s on %s", action, listed(s.Resource))
			}
		}
		denied[i] = append(denied[i], s.Action...)
	}
	for i, want := range denials {
		for _, action := range want.actions {
			if !covered(denied[i], action) {
				return fmt.Errorf("nothing denies %s on %s if %s", action, listed(want.resources), want.condition)
			}
		}
	}
	return nil
}

// exceptions are the only actions that aren't denied, if the denial lists those.
func (d denial) exceptions() (all []string) {
	for _, action := range d.actions {
		if exception, ok := strings.CutPrefix(action, "!"); ok {
			all = append(all, exception)
		}
	}
	return all
}

func service(action string) string {
	name, _, _ := strings.Cut(action, ":")
	return name
}

// checkRegions checks that a policy denies all regions but the declared ones. It has to exempt
// global services, which AWS serves from one region, and actions such as s3:GetBucketLocation,
// which aren't about one region.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html
func (p *prover) checkRegions(d *policyDocument) error {
	elsewhere := p.butAccessRole()
	elsewhere.require("StringNotEquals", "aws:RequestedRegion", p.org.Guardrails.Regions...)
	if len(d.Statement) != 2 {
		return fmt.Errorf("it has %d statements, and not 2: one about regions, one about %s", len(d.Statement), organization.AccessRole)
	}
	keeps := policyDocument{Statement: d.Statement[1:]}
	if err := keeps.deniesOnly([]denial{p.keepsAccessRole()}); err != nil {
		return err
	}
	s := d.Statement[0]
	switch {
	case s.Effect != "Deny" || len(s.NotAction) == 0 || !sameSet(s.Resource, []string{"*"}):
		return fmt.Errorf("it doesn't deny all but something: %s", s.canonical())
	case !s.Condition.is(elsewhere.Condition):
		return fmt.Errorf("it denies if %s, and not if %s", s.Condition, elsewhere.Condition)
	}
	for _, action := range []string{
		"iam:CreateRole", "sts:AssumeRole", "organizations:DescribeOrganization", "route53:ChangeResourceRecordSets",
		"cloudfront:CreateDistribution", "support:CreateCase", "account:GetAlternateContact", "budgets:ModifyBudget", "health:DescribeEvents",
		"cloudtrail:LookupEvents", "config:DescribeConfigurationRecorders", "access-analyzer:ListFindings", "sso:ListInstances",
		"resource-explorer-2:Search", "signin:CreateOAuth2Token", "s3:CreateMultiRegionAccessPoint", "s3:GetBucketLocation",
	} {
		if !covered(s.NotAction, action) {
			return fmt.Errorf("it denies %s, which isn't any region's", action)
		}
	}
	for _, action := range []string{
		"ec2:RunInstances", "s3:CreateBucket", "s3:PutObject", "lambda:CreateFunction", "rds:CreateDBInstance", "dynamodb:CreateTable",
		"eks:CreateCluster", "ecs:CreateService", "sqs:SendMessage", "secretsmanager:CreateSecret", "cloudformation:CreateStack",
	} {
		if covered(s.NotAction, action) {
			return fmt.Errorf("it lets pass %s in every region", action)
		}
	}
	return nil
}
