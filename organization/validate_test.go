package organization_test

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
)

const (
	regionRemedy = "write one of ap-northeast-1, ap-northeast-2, ap-northeast-3, ap-south-1, ap-southeast-1, ap-southeast-2, " +
		"ca-central-1, eu-central-1, eu-north-1, eu-west-1, eu-west-2, eu-west-3, sa-east-1, us-east-1, us-east-2, us-west-1, us-west-2"
	patternRemedy = "write an address of yours with one %s for the account's name, such as aws+%s@acme.example"
	nameRemedy    = "write lower-case letters, digits and single inner hyphens"
	unitRemedy    = "write up to 128 letters, digits, spaces, dots, hyphens and underscores as its key, and any other name beside it: "
)

// judgedUnits returns so many units that have standards of their own.
func judgedUnits(n int) (units []string) {
	for i := range n {
		units = append(units, fmt.Sprintf("u%d: {standards: []}", i))
	}
	return units
}

// TestRules breaks each rule once. The keys of a case stand from line 2 on.
func TestRules(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ name, keys, want string }{
		{
			"namespace is missing", `coldstart:namespace: ""`,
			`:2: coldstart:namespace: is missing; write a short lower-case name, such as acme`,
		},
		{
			"namespace in capitals", `coldstart:namespace: ACME`,
			`:2: coldstart:namespace: "ACME" is not made of lower-case letters, digits and single inner hyphens; write a short lower-case name, such as acme`,
		},
		{
			"namespace with an outer hyphen", `coldstart:namespace: acme-`,
			`:2: coldstart:namespace: "acme-" is not made of lower-case letters, digits and single inner hyphens; write a short lower-case name, such as acme`,
		},
		{
			"namespace that S3 reserves", `coldstart:namespace: sthree-acme`,
			`:2: coldstart:namespace: "sthree-acme" starts as no S3 bucket may; write a short lower-case name, such as acme`,
		},
		{
			"namespace that Parameter Store reserves", `coldstart:namespace: awsome`,
			`:2: coldstart:namespace: "awsome" starts as no SSM parameter may; write a short lower-case name, such as acme`,
		},
		{
			"namespace too long", `coldstart:namespace: ` + long[:37],
			`:2: coldstart:namespace: "` + long[:37] + `" is too long: with "master" and a bucket's suffix it passes the 63 characters of a bucket's name; write a short lower-case name, such as acme`,
		},

		{
			"domain is missing", `coldstart:domain: ""`,
			`:2: coldstart:domain: is missing; write a domain that you own, such as acme.example`,
		},
		{
			"domain with a bad part", `coldstart:domain: acme_.example`,
			`:2: coldstart:domain: "acme_.example" is not a domain name: the part "acme_" is not up to 63 lower-case letters, digits and inner hyphens; write a domain that you own, such as acme.example`,
		},
		{
			"domain with a final dot", `coldstart:domain: acme.example.`,
			`:2: coldstart:domain: "acme.example." is not a domain name: the part "" is not up to 63 lower-case letters, digits and inner hyphens; write a domain that you own, such as acme.example`,
		},
		{
			"domain of one part", `coldstart:domain: localhost`,
			`:2: coldstart:domain: "localhost" is not a domain name: it doesn't end in a top-level domain; write a domain that you own, such as acme.example`,
		},
		{
			"domain that is an address", `coldstart:domain: 10.0.0.1`,
			`:2: coldstart:domain: "10.0.0.1" is not a domain name: it doesn't end in a top-level domain; write a domain that you own, such as acme.example`,
		},

		{
			"a way in that there isn't", `coldstart:access: {people: saml}`,
			`:2: coldstart:access.people: "saml" is not a way in; write iam, both for IAM users and IAM Identity Center, or identity-center`,
		},
		{
			"nobody for emergencies", "coldstart:access: {people: identity-center}\ncoldstart:users:\n  root: {emergency: true, keybase: ada, groups: [master-admin]}\n  ada: {groups: [master-admin], email: ada@acme.example, givenName: Ada, familyName: L}",
			`:2: coldstart:access.people: of the users for emergencies, 1 administer the management account, and nobody else could come in without IAM Identity Center; write emergency: true for at least two users, and grant each a role in master that has AdministratorAccess and nothing that could deny, such as master-admin`,
		},
		{
			"users for emergencies who administer nothing",
			"coldstart:access: {people: identity-center, roles: {admin: {boundary: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}}}\ncoldstart:users:\n  one: {emergency: true, keybase: ada, groups: [master-admin]}\n  two: {emergency: true, keybase: ada, groups: [master-readonly]}",
			`:2: coldstart:access.people: of the users for emergencies, 0 administer the management account, and nobody else could come in without IAM Identity Center; write emergency: true for at least two users, and grant each a role in master that has AdministratorAccess and nothing that could deny, such as master-admin`,
		},
		{
			"users for emergencies whose policies may deny",
			"coldstart:access: {people: identity-center, roles: {admin: {customerManagedPolicies: [ours]}, all: {managedPolicies: [AdministratorAccess, AWSDenyAll]}}}\ncoldstart:users:\n  one: {emergency: true, keybase: ada, groups: [master-admin]}\n  two: {emergency: true, keybase: ada, groups: [master-all]}",
			`:2: coldstart:access.people: of the users for emergencies, 0 administer the management account, and nobody else could come in without IAM Identity Center; write emergency: true for at least two users, and grant each a role in master that has AdministratorAccess and nothing that could deny, such as master-admin`,
		},
		{
			"a user for emergencies without a password", "coldstart:users:\n  one: {emergency: true, groups: [master-admin]}",
			`:3: coldstart:users.one.emergency: one couldn't sign in without a password; write keybase or pgpKey, which encrypts the first password`,
		},
		{
			"users for emergencies in quarantine",
			"coldstart:accounts: {audit: {}, people: {guardrails: [quarantine]}}\ncoldstart:access: {account: people, people: identity-center}\ncoldstart:users:\n  one: {emergency: true, keybase: ada, groups: [master-admin]}\n  two: {emergency: true, keybase: ada, groups: [master-admin]}",
			`:2: coldstart:accounts.people.guardrails: "quarantine" locks users for emergencies out of account people; attach it elsewhere, or write coldstart:access.account: master`,
		},
		{
			"a directory that there isn't", `coldstart:access: {people: both, directory: okta}`,
			`:2: coldstart:access.directory: "okta" is not a directory; write own, or external for an identity provider`,
		},
		{
			"an external directory of nobody", `coldstart:access: {directory: external}`,
			`:2: coldstart:access.directory: nobody comes in by IAM Identity Center; write coldstart:access.people: both or identity-center, or leave it out`,
		},
		{
			"names of groups in Identity Center's own directory", `coldstart:access: {people: both, groups: {ops: {master: [admin]}}, directoryGroups: {ops: Ops}}`,
			`:2: coldstart:access.directoryGroups: Identity Center's own directory has the groups by coldstart's names; write coldstart:access.directory: external, or leave it out`,
		},
		{
			"the name of a group that there isn't", `coldstart:access: {people: both, directory: external, groups: {ops: {master: [admin]}}, directoryGroups: {opps: Ops}}`,
			`:2: coldstart:access.directoryGroups.opps: unknown group "opps"; did you mean ops?`,
		},
		{
			"no name of a group", `coldstart:access: {people: both, directory: external, groups: {ops: {master: [admin]}}, directoryGroups: {ops: " "}}`,
			`:2: coldstart:access.directoryGroups.ops: " " is not a name; write the group's name in the directory, as Identity Center shows it`,
		},
		{
			"one name of two groups", "coldstart:access: {people: both, directory: external, groups: {ops: {master: [admin]}, devs: {master: [readonly]}},\n  directoryGroups: {ops: Ops, devs: Ops}}",
			`:3: coldstart:access.directoryGroups.ops: devs has the same name, "Ops"; grant all roles by one of the two`,
		},
		{
			"attributes for nobody", `coldstart:access: {attributes: {Team: userName}}`,
			`:2: coldstart:access.attributes: nobody comes in by IAM Identity Center; write coldstart:access.people: both, or leave it out`,
		},
		{
			"an attribute that no user has", `coldstart:access: {people: both, attributes: {Team: enterprise.departement}}`,
			`:2: coldstart:access.attributes.Team: "enterprise.departement" is not an attribute of a user in the directory; did you mean enterprise.department?`,
		},
		{
			"an attribute that AWS's list doesn't have", `coldstart:access: {people: both, attributes: {Team: name.middleName}}`,
			`:2: coldstart:access.attributes.Team: "name.middleName" is not an attribute of a user in the directory; write one of userName, name.familyName, name.givenName, displayName, nickName, emails[primary eq true].value, addresses[type eq "work"].streetAddress, addresses[type eq "work"].locality, addresses[type eq "work"].region, addresses[type eq "work"].postalCode, addresses[type eq "work"].country, addresses[type eq "work"].formatted, phoneNumbers[type eq "work"].value, userType, title, locale, timezone, enterprise.employeeNumber, enterprise.costCenter, enterprise.organization, enterprise.division, enterprise.department, enterprise.manager.value`,
		},
		{
			"a key that is a tag's of AWS's own", `coldstart:access: {people: both, attributes: {"aws:team": title}}`,
			`:2: coldstart:access.attributes.aws:team: "aws:team" is not the key of a session's tag; write up to 128 letters, digits and _.:/=+@-, not beginning with aws:`,
		},
		{
			"one key twice", `coldstart:access: {people: both, attributes: {Team: title, team: userName}}`,
			`:2: coldstart:access.attributes.team: Team is the same key in a policy; keep one of them`,
		},
		{
			"an ARN in place of a policy's name", `coldstart:access: {roles: {ops: {customerManagedPolicies: ["arn:aws:iam::1:policy/x"]}}}`,
			`:2: coldstart:access.roles.ops.customerManagedPolicies: "arn:aws:iam::1:policy/x" is not a policy's name; write a policy's name, such as deployer, or its path and name, such as /teams/deployer`,
		},
		{
			"one policy twice", `coldstart:access: {roles: {ops: {customerManagedPolicies: [x, x]}}}`,
			`:2: coldstart:access.roles.ops.customerManagedPolicies: "x" stands there twice; keep one of them`,
		},
		{
			"a relay state that isn't an address", `coldstart:access: {people: both, roles: {admin: {relayState: ec2}}}`,
			`:2: coldstart:access.roles.admin.relayState: "ec2" is not such an address; write an address of the console's, of up to 240 characters, such as https://us-west-2.console.aws.amazon.com/ec2`,
		},
		{
			"another administrator of Identity Center", "coldstart:accounts: {audit: {}, people: {}}\ncoldstart:access: {people: both, account: people}\ncoldstart:organization: {delegatedAdministrators: {sso.amazonaws.com: audit}}",
			`:4: coldstart:organization.delegatedAdministrators: people is the administrator of sso.amazonaws.com by coldstart:access.account; leave it out, and write coldstart:access.account: audit if it is to administer IAM Identity Center`,
		},
		{
			"a long name of a permission set", `coldstart:access: {people: both, roles: {an-engineer-of-the-platform: {managedPolicies: [PowerUserAccess]}}}`,
			`:2: coldstart:access.roles.an-engineer-of-the-platform: "acme-master-an-engineer-of-the-platform" has 39 characters, over the 32 of a permission set's name; shorten the role's name or the namespace`,
		},
		{
			"one name of two permission sets", `coldstart:access: {people: both, roles: {master-admin: {managedPolicies: [PowerUserAccess]}}}`,
			`:2: coldstart:access.roles.master-admin: "acme-master-admin" is the name of the permission set of admin as well; choose another name`,
		},
		{
			"a person without a name", "coldstart:access: {people: both}\ncoldstart:users:\n  ada: {email: ada@acme.example, givenName: Ada}",
			`:4: coldstart:users.ada.familyName: is missing or too long; write it as Identity Center is to show it, such as Lovelace`,
		},
		{
			"a person without an address", "coldstart:access: {people: both}\ncoldstart:users:\n  ada: {givenName: Ada, familyName: Lovelace}",
			`:4: coldstart:users.ada.email: "" is not an e-mail address; write the address that gets Identity Center's invitation, such as ada@acme.example`,
		},
		{
			"one address of two people",
			"coldstart:access: {people: both}\ncoldstart:users:\n  ada: {givenName: Ada, familyName: Lovelace, email: ada@acme.example}\n  lovelace: {givenName: Ada, familyName: Lovelace, email: Ada@acme.example}",
			`:5: coldstart:users.lovelace.email: ada has the same address; write another address`,
		},

		{
			"budgets of which nobody hears", `coldstart:budgets: {total: 5000}`,
			`:2: coldstart:budgets.notify: is missing; write the address that hears of costs, such as costs@acme.example`,
		},
		{
			"nothing to hear of", `coldstart:budgets: {notify: costs@acme.example}`,
			`:2: coldstart:budgets: there is nothing to hear of; write total, units, accounts or anomalies beside notify`,
		},
		{
			"budgets with an address that is none", `coldstart:budgets: {notify: costs, total: 1}`,
			`:2: coldstart:budgets.notify: "costs" is not an e-mail address; write an address such as security@acme.example`,
		},
		{
			"anomalies with an address that AWS doesn't take", `coldstart:budgets: {notify: a/b@acme.example, anomalies: 1}`,
			`:2: coldstart:budgets.notify: Cost Anomaly Detection doesn't take the address "a/b@acme.example"; write another one, or leave anomalies out`,
		},
		{
			"a budget below a dollar", `coldstart:budgets: {notify: costs@acme.example, total: 1, accounts: {master: 0}}`,
			`:2: coldstart:budgets.accounts.master: 0 is out of range; write whole US dollars, at least 1`,
		},
		{
			"a budget of cents", `coldstart:budgets: {notify: costs@acme.example, total: 99.50}`,
			`:2: coldstart:budgets.total: "99.50" is not a whole number; write a whole number, such as 365`,
		},
		{
			"a budget of a unit that isn't there", `coldstart:budgets: {notify: costs@acme.example, units: {workloads: 1}}`,
			`:2: coldstart:budgets.units.workloads: unknown unit "workloads"; declare it under coldstart:units`,
		},
		{
			"a budget of a unit without accounts", "coldstart:units: {workloads: {}, sandbox: {}, inner: {parent: sandbox}}\ncoldstart:accounts: {audit: {unit: inner}}\ncoldstart:budgets: {notify: costs@acme.example, units: {workloads: 1, sandbox: 1}}",
			`:4: coldstart:budgets.units.workloads: no account is in unit "workloads"; leave it out until there is one`,
		},
		{
			"a budget of an account that isn't there", `coldstart:budgets: {notify: costs@acme.example, accounts: {prod: 1}}`,
			`:2: coldstart:budgets.accounts.prod: "prod" isn't an account; write master, or a member declared under coldstart:accounts`,
		},
		{
			"a budget with a long name", "coldstart:units: {" + strings.Repeat("u", 90) + ": {}}\ncoldstart:accounts: {audit: {unit: " + strings.Repeat("u", 90) + "}}\ncoldstart:budgets: {notify: costs@acme.example, units: {" + strings.Repeat("u", 90) + ": 1}}",
			`:4: coldstart:budgets: the budget's name "acme-master-budget-unit-` + strings.Repeat("u", 90) + `" passes AWS's 100 characters; shorten the key of the unit`,
		},
		{
			"GuardDuty without an administrator", `coldstart:security: {guardDuty: {}}`,
			`:2: coldstart:security.account: is missing; write the member that is to administer GuardDuty, Inspector, Macie and Security Hub, such as security`,
		},
		{
			"Security Hub without an administrator", `coldstart:security: {securityHub: {}}`,
			`:2: coldstart:security.account: is missing; write the member that is to administer GuardDuty, Inspector, Macie and Security Hub, such as security`,
		},
		{
			"Inspector without an administrator", `coldstart:security: {inspector: {scans: [ECR]}}`,
			`:2: coldstart:security.account: is missing; write the member that is to administer GuardDuty, Inspector, Macie and Security Hub, such as security`,
		},
		{
			"Macie without an administrator", `coldstart:security: {macie: {}}`,
			`:2: coldstart:security.account: is missing; write the member that is to administer GuardDuty, Inspector, Macie and Security Hub, such as security`,
		},
		{
			"Macie's discoveries without an archive", "coldstart:accounts: {sec: {}}\ncoldstart:audit: none\ncoldstart:security: {account: sec, macie: {export: true}}",
			`:4: coldstart:security.macie.export: findings go to the account of the archive, and there is none; write coldstart:audit, or leave export out`,
		},
		{
			"Inspector without a scan", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, inspector: {}}",
			`:3: coldstart:security.inspector.scans: is missing; write some of EC2, ECR, LAMBDA, LAMBDA_CODE`,
		},
		{
			"a scan that the plugin doesn't have", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, inspector: {scans: [CODE_REPOSITORY]}}",
			`:3: coldstart:security.inspector.scans: "CODE_REPOSITORY" is not a scan; write some of EC2, ECR, LAMBDA, LAMBDA_CODE`,
		},
		{
			"a scan twice", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, inspector: {scans: [EC2, EC2]}}",
			`:3: coldstart:security.inspector.scans: "EC2" stands there twice; keep one of them`,
		},
		{
			"the code of functions without functions", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, inspector: {scans: [LAMBDA_CODE]}}",
			`:3: coldstart:security.inspector.scans: LAMBDA_CODE takes LAMBDA; write LAMBDA, too`,
		},
		{
			"the code of functions where AWS doesn't scan it", "coldstart:accounts: {audit: {}}\ncoldstart:guardrails: {regions: [us-west-2, eu-west-3, sa-east-1]}\ncoldstart:security: {account: audit, inspector: {scans: [LAMBDA, LAMBDA_CODE]}}",
			`:4: coldstart:security.inspector.scans: AWS doesn't scan the code of functions in eu-west-3, sa-east-1; leave LAMBDA_CODE out, or allow other regions`,
		},
		{
			"a standard that Security Hub doesn't have", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, securityHub: {standards: [cis/v/3.0.0]}}",
			`:3: coldstart:security.securityHub.standards: "cis/v/3.0.0" is not a standard; write some of ` + strings.Join(organization.SecurityHubStandards(), ", "),
		},
		{
			"a way to record that AWS Config doesn't have", "coldstart:accounts: {audit: {}}\ncoldstart:audit: {account: audit}\ncoldstart:security: {config: hourly}",
			`:4: coldstart:security.config: "hourly" is not a way to record; write daily, continuous or none`,
		},
		{
			"AWS Config without an archive", `coldstart:security: {config: daily}`,
			`:2: coldstart:security.config: AWS Config writes to a bucket in the account of the archive, and there is none; write coldstart:audit.account, or leave config out`,
		},
		{
			"standards by the account of the archive", "coldstart:accounts: {audit: {}}\ncoldstart:audit: {account: audit}\ncoldstart:security: {account: audit, config: daily, securityHub: {standards: [pci-dss/v/4.0.1]}}",
			`:4: coldstart:security.account: audit has the bucket that all accounts' recorders write to, so its stack comes before theirs; standards of Security Hub and conformance packs come after; write another member`,
		},
		{
			"standards of more units than AWS has policies for", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, securityHub: {}}\ncoldstart:units: {" + strings.Join(judgedUnits(20), ", ") + "}",
			`:4: coldstart:units: 20 of them have standards of their own, and AWS has 20 configuration policies, one of them for all accounts; let units take those of the unit that they are in`,
		},
		{
			"standards of a unit without Security Hub", "coldstart:units: {work: {standards: []}}",
			`:2: coldstart:units.work.standards: the organization has no Security Hub; write coldstart:security.securityHub: {}, or take it out`,
		},
		{
			"an administrator that isn't a member", `coldstart:security: {account: master}`,
			`:2: coldstart:security.account: "master" isn't a member; write a member declared under coldstart:accounts`,
		},
		{
			"a feature that GuardDuty doesn't have", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, guardDuty: {features: [RUNTIME_MONITORING]}}",
			`:3: coldstart:security.guardDuty.features: "RUNTIME_MONITORING" is not a feature; write some of S3_DATA_EVENTS, EKS_AUDIT_LOGS, EBS_MALWARE_PROTECTION, RDS_LOGIN_EVENTS, LAMBDA_NETWORK_LOGS`,
		},
		{
			"a feature twice", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, guardDuty: {features: [S3_DATA_EVENTS, S3_DATA_EVENTS]}}",
			`:3: coldstart:security.guardDuty.features: "S3_DATA_EVENTS" stands there twice; keep one of them`,
		},
		{
			"alarms to no address", `coldstart:security: {alarms: "the security team"}`,
			`:2: coldstart:security.alarms: "the security team" is not an e-mail address; write an address such as security@acme.example`,
		},
		{
			"an export without an archive", "coldstart:accounts: {sec: {}}\ncoldstart:audit: none\ncoldstart:security: {account: sec, guardDuty: {export: true}}",
			`:4: coldstart:security.guardDuty.export: findings go to the account of the archive, and there is none; write coldstart:audit, or leave export out`,
		},
		{
			"findings to no address", "coldstart:accounts: {audit: {}}\ncoldstart:security: {account: audit, securityHub: {}, findings: soc}",
			`:3: coldstart:security.findings: "soc" is not an e-mail address; write an address such as security@acme.example`,
		},
		{
			"findings that nobody collects", "coldstart:security: {findings: soc@acme.example}",
			`:2: coldstart:security.findings: Security Hub collects the findings, and the organization doesn't have it; write securityHub: {} beside it, or leave findings out`,
		},
		{
			"alarms without an organization's trail", "coldstart:accounts: {audit: {}}\ncoldstart:audit: {trail: account}\ncoldstart:security: {alarms: security@acme.example}",
			`:4: coldstart:security.alarms: alarms look at the organization's trail, and there is none; write coldstart:audit.trail: organization, or leave alarms out`,
		},

		{"region is missing", `coldstart:region: ""`, `:2: coldstart:region: is missing; ` + regionRemedy},
		{
			"region with a typing error", `coldstart:region: us-wets-2`,
			`:2: coldstart:region: "us-wets-2" is not a region of AWS's commercial partition; did you mean us-west-2?`,
		},
		{
			"region of another partition", `coldstart:region: cn-northwest-1`,
			`:2: coldstart:region: "cn-northwest-1" is not a region of AWS's commercial partition; ` + regionRemedy,
		},
		{
			"region to opt in to", `coldstart:region: eu-south-2`,
			`:2: coldstart:region: "eu-south-2" is a region that each account must opt in to, so that new accounts' stacks would fail in it; ` + regionRemedy,
		},

		{"pattern is missing", `coldstart:email: ""`, `:2: coldstart:email: is missing; ` + patternRemedy},
		{
			"pattern without %s", `coldstart:email: aws@acme.example`,
			`:2: coldstart:email: "aws@acme.example" doesn't have exactly one %s; ` + patternRemedy,
		},
		{
			"pattern with two %s", `coldstart:email: '%s+%s@acme.example'`,
			`:2: coldstart:email: "%s+%s@acme.example" doesn't have exactly one %s; ` + patternRemedy,
		},
		{
			"pattern with another verb", `coldstart:email: aws+%s%d@acme.example`,
			`:2: coldstart:email: "aws+%s%d@acme.example" doesn't have exactly one %s; ` + patternRemedy,
		},
		{
			"pattern that is no address", `coldstart:email: aws+%s`,
			`:2: coldstart:email: "aws+%s" is not an e-mail address that AWS takes; ` + patternRemedy,
		},

		{
			"space is IPv6", `coldstart:network: {cidr: "fd00::/8"}`,
			`:2: coldstart:network.cidr: fd00::/8 is not an IPv4 network; write an IPv4 network, such as 10.100.0.0/16`,
		},
		{
			"space with host bits", `coldstart:network: {cidr: 10.0.0.1/8}`,
			`:2: coldstart:network.cidr: 10.0.0.1/8 has bits set behind its prefix; write 10.0.0.0/8`,
		},
		{
			"space too small", `coldstart:network: {cidr: 10.0.0.0/29}`,
			`:2: coldstart:network.cidr: 10.0.0.0/29 is smaller than the /28 that AWS allows; write a larger network, such as 10.0.0.0/8`,
		},
		{
			"account networks larger than the space", `coldstart:network: {cidr: 10.0.0.0/16, accountPrefix: 8}`,
			`:2: coldstart:network.accountPrefix: 8 bits don't cut networks from 10.0.0.0/16; write the length of an account's network, from 16 to 28`,
		},
		{
			"account networks too small", `coldstart:network: {accountPrefix: 29}`,
			`:2: coldstart:network.accountPrefix: 29 bits don't cut networks from 10.0.0.0/8; write the length of an account's network, from 8 to 28`,
		},

		{
			"unit with a bad name", `coldstart:units: {"a/b": {}}`,
			`:2: coldstart:units.a/b: "a/b" is not a unit's key; ` + unitRemedy + `a-b: {name: a/b}`,
		},
		{
			"unit with too long a name", `coldstart:units: {` + strings.Repeat("u", 129) + `: {}}`,
			`:2: coldstart:units.` + strings.Repeat("u", 129) + `: "` + strings.Repeat("u", 129) + `" is not a unit's key; ` + unitRemedy + strings.Repeat("u", 63) + `: {name: ` + strings.Repeat("u", 129) + `}`,
		},
		{
			"unit with an empty name", `coldstart:units: {a: {name: ""}, b: {name: ~}}`,
			`:2: coldstart:units.a.name: is empty; write the unit's name in AWS, or leave it out if the name is the key`,
		},
		{
			"unit with a name as its key", `coldstart:units: {a: {}, "Sandbox (EU)": {parent: a}, R&D: {}, Équipe: {}, équipe: {}}`,
			`:2: coldstart:units.R&D: "R&D" is not a unit's key; ` + unitRemedy + "r-d: {name: R&D}\n" +
				`:2: coldstart:units.Sandbox (EU): "Sandbox (EU)" is not a unit's key; ` + unitRemedy + "sandbox-eu: {name: Sandbox (EU), parent: a}\n" +
				`:2: coldstart:units.Équipe: "Équipe" is not a unit's key; ` + unitRemedy + "quipe: {name: Équipe}\n" +
				`:2: coldstart:units.équipe: "équipe" is not a unit's key; ` + unitRemedy + `quipe: {name: équipe}`,
		},
		{
			"units with one name in one parent", `coldstart:units: {a: {name: x}, b: {name: x}, c: {parent: a, name: x}, d: {parent: a, name: c}, x: {}, e: {parent: b, name: c}}`,
			`:2: coldstart:units.b.name: "x" is the name of unit "a" too, which has the same parent; write another name, or another parent` + "\n" +
				`:2: coldstart:units.x.name: "x" is the name of unit "a" too, which has the same parent; write another name, or another parent` + "\n" +
				`:2: coldstart:units.x.name: "x" is the name of unit "b" too, which has the same parent; write another name, or another parent`,
		},
		{
			"units with long names", `coldstart:units: {a: {name: "` + strings.Repeat("é", 129) + `"}, b: {name: ` + strings.Repeat("é", 65) + `}, c: {name: ` + strings.Repeat("é", 64) + `}}`,
			`:2: coldstart:units.a.name: "` + strings.Repeat("é", 129) + `" has 129 characters, over AWS's 128; shorten the name` + "\n" +
				`:2: coldstart:units.b.name: "` + strings.Repeat("é", 65) + `" has 130 bytes in UTF-8, over the AWS plugin's 128; shorten the name`,
		},
		{
			"unit with an unknown parent", `coldstart:units: {infra: {}, dns: {parent: infar}}`,
			`:2: coldstart:units.dns.parent: unknown unit "infar"; did you mean infra?`,
		},
		{
			"unit within itself", `coldstart:units: {a: {parent: a}}`,
			`:2: coldstart:units.a.parent: "a" lies within itself; let one unit of the cycle have no parent`,
		},
		{
			"units in a cycle", "coldstart:units:\n  a: {parent: b}\n  b: {parent: a}",
			":3: coldstart:units.a.parent: \"a\" lies within itself; let one unit of the cycle have no parent\n" +
				`:4: coldstart:units.b.parent: "b" lies within itself; let one unit of the cycle have no parent`,
		},
		{
			"unit too deep", `coldstart:units: {a: {}, b: {parent: a}, c: {parent: b}, d: {parent: c}, e: {parent: d}, f: {parent: e}}`,
			`:2: coldstart:units.f.parent: "f" is 6 units deep, over AWS's 5; move it up`,
		},
		{
			"too many units", "coldstart:units: {" + units(2001) + "}",
			":2: coldstart:units: 2001 units, over AWS's 2000; leave some out, or put accounts of several into one",
		},

		{
			"account named master", `coldstart:accounts: {master: {}}`,
			`:2: coldstart:accounts.master: "master" is the management account's name; choose another name; the management account isn't listed among the members`,
		},
		{
			"account with a bad name", `coldstart:accounts: {Prod_1: {}}`,
			`:2: coldstart:accounts.Prod_1: "Prod_1" is not an account's name; ` + nameRemedy,
		},
		{
			"account with no name", `coldstart:accounts: {"": {}}`,
			`:2: coldstart:accounts.: "" is not an account's name; ` + nameRemedy,
		},
		{
			"account named local", `coldstart:accounts: {local: {}}`,
			`:2: coldstart:accounts.local: local.acme.example points to 127.0.0.1; choose another name, or set coldstart:dns: {local: false}`,
		},
		{
			"account with too long a name", `coldstart:accounts: {` + long[:39] + `: {}}`,
			`:2: coldstart:accounts.` + long[:39] + `: "` + long[:39] + `" is too long: with the namespace and a bucket's suffix it passes the 63 characters of a bucket's name; shorten the name or the namespace`,
		},
		{
			"id with a digit less", `coldstart:accounts: {prod: {id: 12345678901}}`,
			`:2: coldstart:accounts.prod.id: "12345678901" is not an account's id; write its 12 digits, in quotes`,
		},
		{
			"id of two accounts", "coldstart:accounts:\n  prod: {id: '123456789012'}\n  dev: {id: '123456789012'}",
			`:3: coldstart:accounts.prod.id: 123456789012 is the id of account "dev" too; write the id of the account that this one adopts`,
		},
		{
			"unit that isn't declared", `coldstart:accounts: {prod: {unit: workloads}}`,
			`:2: coldstart:accounts.prod.unit: unknown unit "workloads"; declare it under coldstart:units`,
		},
		{
			"unit with a typing error", "coldstart:units: {workloads: {}}\ncoldstart:accounts: {prod: {unit: worklaods}}",
			`:3: coldstart:accounts.prod.unit: unknown unit "worklaods"; did you mean workloads?`,
		},

		{
			"address that isn't one", `coldstart:accounts: {prod: {email: prod}}`,
			`:2: coldstart:accounts.prod.email: "prod" is not an e-mail address that AWS takes; write an address such as aws+prod@acme.example`,
		},
		{
			"address with a character that AWS refuses", `coldstart:accounts: {prod: {email: "aws|prod@acme.example"}}`,
			`:2: coldstart:accounts.prod.email: "aws|prod@acme.example" is not an e-mail address that AWS takes; write an address such as aws+prod@acme.example`,
		},
		{
			"address that starts with a dot", `coldstart:accounts: {prod: {email: .prod@acme.example}}`,
			`:2: coldstart:accounts.prod.email: ".prod@acme.example" is not an e-mail address that AWS takes; write an address such as aws+prod@acme.example`,
		},
		{
			"pattern with a character that AWS refuses", `coldstart:email: aws&%s@acme.example`,
			`:2: coldstart:email: "aws&%s@acme.example" is not an e-mail address that AWS takes; ` + patternRemedy,
		},
		{
			"address too long after the pattern", "coldstart:email: aws+%s@" + strings.Repeat("a", 40) + ".example\ncoldstart:accounts: {production-eu: {}}",
			`:3: coldstart:accounts.production-eu.email: "aws+production-eu@` + strings.Repeat("a", 40) + `.example" has 66 characters, not 6 to 64; write a shorter address for this account`,
		},
		{
			"address of two accounts", "coldstart:accounts:\n  prod: {}\n  dev:\n    email: AWS+Prod@acme.example",
			`:3: coldstart:accounts.prod.email: "aws+prod@acme.example" is the address of account "dev" too; write an address of its own: AWS binds one to one account for ever`,
		},

		{
			"network outside the space", `coldstart:accounts: {prod: {network: 192.168.0.0/16}}`,
			`:2: coldstart:accounts.prod.network: 192.168.0.0/16 is not within the organization's 10.0.0.0/8; write another network; 10.0.0.0/16 is free`,
		},
		{
			"network larger than the space", "coldstart:network: {cidr: 10.0.0.0/16}\ncoldstart:accounts: {prod: {network: 10.0.0.0/8}}",
			`:3: coldstart:accounts.prod.network: 10.0.0.0/8 is not within the organization's 10.0.0.0/16; write another network`,
		},
		{
			"network with host bits", `coldstart:accounts: {prod: {network: 10.1.2.0/16}}`,
			`:2: coldstart:accounts.prod.network: 10.1.2.0/16 has bits set behind its prefix; write 10.1.0.0/16`,
		},
		{
			"network is IPv6", `coldstart:accounts: {prod: {network: "fd00::/48"}}`,
			`:2: coldstart:accounts.prod.network: fd00::/48 is not an IPv4 network; write an IPv4 network, such as 10.100.0.0/16`,
		},
		{
			"network too small", `coldstart:accounts: {prod: {network: 10.0.0.0/29}}`,
			`:2: coldstart:accounts.prod.network: 10.0.0.0/29 is smaller than the /28 that AWS allows; write another network; 10.1.0.0/16 is free`,
		},
		{
			"network of two accounts", "coldstart:accounts:\n  dev: {network: 10.0.0.0/16}\n  prod: {network: 10.0.0.0/16}",
			`:4: coldstart:accounts.prod.network: 10.0.0.0/16 is the network of account "dev" too; write another network; 10.1.0.0/16 is free`,
		},
		{
			"networks that overlap", "coldstart:accounts:\n  dev: {network: 10.0.0.0/15}\n  prod: {network: 10.1.0.0/16}",
			`:4: coldstart:accounts.prod.network: 10.1.0.0/16 overlaps 10.0.0.0/15 of account "dev"; write another network; 10.2.0.0/16 is free`,
		},

		{
			"unknown trail mode", `coldstart:audit: {trail: organisation}`,
			`:2: coldstart:audit.trail: unknown mode "organisation"; write organization, account, both or none`,
		},
		{
			"audit account that isn't declared", `coldstart:audit: {trail: account}`,
			":2: coldstart:audit.account: the account \"audit\" that logs go to isn't declared; declare it under coldstart:accounts, name another, or write `coldstart:audit: none`",
		},
		{
			"no retention", "coldstart:accounts: {audit: {}}\ncoldstart:audit: {retentionDays: 0}",
			`:3: coldstart:audit.retentionDays: 0 is out of range; write 1 to 36500 days`,
		},
		{
			"too long a retention", "coldstart:accounts: {audit: {}}\ncoldstart:audit: {retentionDays: 36501}",
			`:3: coldstart:audit.retentionDays: 36501 is out of range; write 1 to 36500 days`,
		},
		{
			"lock longer than the retention", "coldstart:accounts: {audit: {}}\ncoldstart:audit: {lockDays: 366}",
			`:3: coldstart:audit.lockDays: 366 is out of range; write 0 for no lock, or up to retentionDays`,
		},
		{
			"negative lock", "coldstart:accounts: {audit: {}}\ncoldstart:audit: {lockDays: -1}",
			`:3: coldstart:audit.lockDays: -1 is out of range; write 0 for no lock, or up to retentionDays`,
		},

		{
			"service that isn't one", `coldstart:organization: {trustedServices: [sso]}`,
			`:2: coldstart:organization.trustedServices: "sso" is not one; write a service principal, such as sso.amazonaws.com`,
		},

		{
			"tag that coldstart sets", `coldstart:tags: {ManagedBy: me}`,
			`:2: coldstart:tags.ManagedBy: coldstart sets this tag itself; leave it out`,
		},
		{
			"tag that AWS sets", `coldstart:tags: {"AWS:cost": x}`,
			`:2: coldstart:tags.AWS:cost: tags that start with aws: are AWS's own; choose another name`,
		},
		{
			"tag with a bad name", `coldstart:tags: {"a?": x}`,
			`:2: coldstart:tags: "a?" is not a tag's name; write 1 to 128 letters, digits, spaces and _.:/=+-@`,
		},
		{
			"tag with no name", `coldstart:tags: {"": x}`,
			`:2: coldstart:tags: "" is not a tag's name; write 1 to 128 letters, digits, spaces and _.:/=+-@`,
		},
		{
			"tag with a bad value", `coldstart:tags: {Team: "a, b"}`,
			`:2: coldstart:tags.Team: "a, b" is not a tag's value; write up to 256 letters, digits, spaces and _.:/=+-@`,
		},
		{
			"tag of an account", `coldstart:accounts: {prod: {tags: {Account: x}}}`,
			`:2: coldstart:accounts.prod.tags.Account: coldstart sets this tag itself; leave it out`,
		},
		{
			"tag of a unit", `coldstart:units: {a: {tags: {Namespace: x}}}`,
			`:2: coldstart:units.a.tags.Namespace: coldstart sets this tag itself; leave it out`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, file(c.keys), c.want)
		})
	}
}

// checkMessage checks the whole error of a file; each wanted line lacks the
// file's name.
func checkMessage(t *testing.T, content []byte, want string) {
	t.Helper()
	org, err := organization.Parse(organization.File, content)
	if err == nil {
		t.Fatalf("no problem found in\n%s", content)
	}
	if org != nil {
		t.Error("an invalid declaration was returned")
	}
	var lines []string
	for line := range strings.SplitSeq(want, "\n") {
		lines = append(lines, organization.File+line)
	}
	if diff := cmp.Diff(strings.Join(lines, "\n"), err.Error()); diff != "" {
		t.Errorf("wrong message for\n%s(-want +got)\n%s", content, diff)
	}
}

func TestUnknownPolicyTypeListsAll(t *testing.T) {
	t.Parallel()
	_, err := organization.Parse(organization.File, file(`coldstart:organization: {policyTypes: [SCP]}`))
	ps := problems(t, err)
	if len(ps) != 1 || ps[0].Text != `the AWS plugin can't enable policies of type "SCP"` || !strings.Contains(ps[0].Remedy, "SERVICE_CONTROL_POLICY") {
		t.Errorf("got %v", err)
	}
}

func TestTooManyTags(t *testing.T) {
	t.Parallel()
	tags := func(prefix string, n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("%s%d: x", prefix, i))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	checkMessage(t, file("coldstart:tags: "+tags("o", 4)+"\ncoldstart:accounts: {prod: {tags: "+tags("a", 4)+"}}"),
		`:3: coldstart:accounts.prod.tags: 11 tags with the organization's and coldstart's own, over Route 53's 10; drop some`)
	checkMessage(t, file("coldstart:tags: {owner: x}\ncoldstart:accounts: {prod: {tags: {Owner: x}}}"),
		`:3: coldstart:accounts.prod.tags: "Owner" and "owner" differ in case only; write them the same way, or drop one`)
}

func TestClosedAndKept(t *testing.T) {
	t.Parallel()
	checkMessage(t, file("coldstart:accounts: {prod: {closeOnDelete: true, keepOnDelete: true}}"),
		`:2: coldstart:accounts.prod.keepOnDelete: an account can't be both closed and kept when it is taken out; keep one of the two`)
}

// TestDomainTooLong is apart because the longest name depends on the accounts.
func TestDomainTooLong(t *testing.T) {
	t.Parallel()
	domain := strings.Repeat("abcdefg.", 30) + "example" // 247 characters
	checkMessage(t, file("coldstart:domain: "+domain+"\ncoldstart:accounts: {a-b-c-d: {}}"),
		`:2: coldstart:domain: "a-b-c-d.`+domain+`" has 255 characters, over the 253 of a domain name; write a shorter domain`)
	checkMessage(t, file("coldstart:domain: "+domain),
		`:2: coldstart:domain: "master.`+domain+`" has 254 characters, over the 253 of a domain name; write a shorter domain`)
}

// TestAtOnceInOrder has a problem of each part, and expects them in the order
// of the file.
func TestAtOnceInOrder(t *testing.T) {
	t.Parallel()
	checkMessage(t, file(`coldstart:accounts:
  prod:
    unit: nowhere
    network: 10.0.0.0/16
  dev: {network: 10.0.128.0/17, id: "1"}
coldstart:domain: acme
coldstart:audit: {retentionDays: -1}
coldstart:namespace: "?"
coldstart:units: {a: {parent: b}}`), strings.Join([]string{
		`:4: coldstart:accounts.prod.unit: unknown unit "nowhere"; declare it under coldstart:units; those declared are a`,
		`:5: coldstart:accounts.prod.network: 10.0.0.0/16 overlaps 10.0.128.0/17 of account "dev"; write another network; 10.1.0.0/16 is free`,
		`:6: coldstart:accounts.dev.id: "1" is not an account's id; write its 12 digits, in quotes`,
		`:7: coldstart:domain: "acme" is not a domain name: it doesn't end in a top-level domain; write a domain that you own, such as acme.example`,
		":8: coldstart:audit.account: the account \"audit\" that logs go to isn't declared; declare it under coldstart:accounts, name another, or write `coldstart:audit: none`",
		`:8: coldstart:audit.retentionDays: -1 is out of range; write 1 to 36500 days`,
		`:9: coldstart:namespace: "?" is not made of lower-case letters, digits and single inner hyphens; write a short lower-case name, such as acme`,
		`:10: coldstart:units.a.parent: unknown unit "b"; declare it under coldstart:units; those declared are a`,
	}, "\n"))
}

// TestValidateWithoutFile checks a declaration made by a program: no position,
// and the keys in alphabetical order.
func TestValidateWithoutFile(t *testing.T) {
	t.Parallel()
	org := organization.Defaults()
	org.Network, org.Audit = organization.Network{}, organization.Audit{Trail: organization.TrailNone}
	err := org.Validate()
	var keys []string
	for _, p := range problems(t, err) {
		keys = append(keys, p.Key)
		if p.File != "" || p.Line != 0 || strings.HasPrefix(p.Error(), ":") {
			t.Errorf("%s has a position", p)
		}
	}
	want := []string{"coldstart:domain", "coldstart:email", "coldstart:namespace", "coldstart:network.cidr", "coldstart:region"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

func TestZeroTrailIsAProblem(t *testing.T) {
	t.Parallel()
	org := parse(t, file(""))
	org.Audit = organization.Audit{}
	ps := problems(t, org.Validate())
	if len(ps) != 1 || ps[0].Key != "coldstart:audit.trail" || ps[0].Text != `unknown mode ""` {
		t.Errorf("got %v", ps)
	}
}

// TestBounds accepts what is just allowed.
func TestBounds(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"longest namespace":     "coldstart:namespace: " + strings.Repeat("n", 36),
		"longest account name":  "coldstart:accounts: {" + strings.Repeat("a", 38) + ": {email: a@acme.example}}",
		"longest unit name":     "coldstart:units: {" + strings.Repeat("u", 128) + ": {}}",
		"units with any name":   `coldstart:units: {dev-a: {name: dev, parent: a}, dev-b: {name: dev, parent: b}, a: {name: "R&D, and \"more\" {x}"}, b: {name: " 団体\n😀 "}, c: {name: "null"}}`,
		"deepest unit":          "coldstart:units: {a: {}, b: {parent: a}, c: {parent: b}, d: {parent: c}, e: {parent: d}}",
		"smallest network":      "coldstart:accounts: {prod: {network: 10.0.0.0/28}}",
		"network of all":        "coldstart:network: {cidr: 10.0.0.0/16}\ncoldstart:accounts: {prod: {network: 10.0.0.0/16}}",
		"neighbouring networks": "coldstart:accounts: {a: {network: 10.0.0.0/16}, b: {network: 10.1.0.0/16}}",
		"shortest retention":    "coldstart:accounts: {audit: {}}\ncoldstart:audit: {retentionDays: 1, lockDays: 1}",
		"longest retention":     "coldstart:accounts: {audit: {}}\ncoldstart:audit: {retentionDays: 36500, lockDays: 36500}",
		"internationalised":     "coldstart:domain: xn--bcher-kva.xn--p1ai",
		"local without records": "coldstart:dns: {local: false}\ncoldstart:accounts: {local: {}}",
		"longest address":       "coldstart:accounts: {prod: {email: " + strings.Repeat("e", 52) + "@example.com}}",
		"empty tag value":       `coldstart:tags: {Team: ""}`,
		"tag in another script": `coldstart:tags: {Bücher: Straße 1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parse(t, file(keys))
		})
	}
}

func TestNoRoomLeft(t *testing.T) {
	t.Parallel()
	org := parse(t, file("coldstart:network: {cidr: 10.0.0.0/16}\ncoldstart:accounts: {prod: {network: 10.0.0.0/17}}"))
	if p, ok := org.NextNetwork(); ok {
		t.Errorf("got %s for a /16 in the other half of a /16", p)
	}
	org.Network.AccountPrefix = 17
	if p, ok := org.NextNetwork(); !ok || p != netip.MustParsePrefix("10.0.128.0/17") {
		t.Errorf("got %s, %t", p, ok)
	}
}

// units returns so many units, as a file has them.
func units(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "u%d: {}, ", i)
	}
	return b.String()
}

func TestProblemsOf(t *testing.T) {
	t.Parallel()
	one, two := organization.Problem{Key: "one"}, organization.Problem{Key: "two"}
	joined := organization.Problems{one, two}.Err()
	for name, c := range map[string]struct {
		err  error
		want organization.Problems
	}{
		"nothing":       {nil, nil},
		"another error": {io.EOF, nil},
		"one":           {one, organization.Problems{one}},
		"joined":        {joined, organization.Problems{one, two}},
		"wrapped":       {fmt.Errorf("loading: %w", fmt.Errorf("%w, and %w", io.EOF, joined)), organization.Problems{one, two}},
	} {
		if diff := cmp.Diff(c.want, organization.ProblemsOf(c.err)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
