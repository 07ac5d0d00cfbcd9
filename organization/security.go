package organization

import (
	"slices"
	"strings"
)

// Security are the services that look at the whole organization, besides IAM Access Analyzer's analyzer of access from outside,
// which every organization has.
type Security struct {
	// Account is the member that administers the services below for the whole organization; empty if there are none.
	Account string
	// GuardDuty is Amazon GuardDuty in every account and every allowed region; nil for none. AWS charges for what it reads.
	GuardDuty *GuardDuty
	// Inspector is Amazon Inspector in every account and every allowed region; nil for none. AWS charges by instance, image and
	// function.
	Inspector *Inspector
	// Macie is Amazon Macie in every account and every allowed region; nil for none. AWS charges by bucket and GB.
	Macie *Macie
	// SecurityHub is AWS Security Hub in every account and every allowed region; nil for none. AWS charges for each check, and for
	// findings that it takes in.
	SecurityHub *SecurityHub
	// Config is how often AWS Config records every resource, in every account and every allowed region; empty for never. AWS charges
	// for what it records.
	Config Recording
	// ConformancePacks are the conformance packs of AWS Config that every account gets in every allowed region, by name; nil for none. An
	// empty map keeps what Account needs to deploy and to delete some. AWS charges for each evaluation of a rule.
	ConformancePacks map[string]ConformancePack
	// Findings is the e-mail address that hears of findings of high severity, which Security Hub collects; empty for nobody.
	Findings string
	// UnusedAccessDays is after how many days without use IAM Access Analyzer reports a role, a user's credentials or a
	// permission; 0 for never. AWS charges for each role and user a month.
	UnusedAccessDays int
	// Alarms is the e-mail address that gets the alarms on what the organization's trail records; empty for no alarms. AWS
	// charges for each alarm a month, and for what CloudWatch Logs takes in.
	Alarms string
}

// GuardDuty says what Amazon GuardDuty looks at besides CloudTrail's management events, VPC flow logs and DNS queries.
type GuardDuty struct {
	// Features are some of GuardDutyFeatures, by AWS's names.
	Features []string
	// Export says that GuardDuty writes all findings to a bucket in the archive's account, which keeps them longer than GuardDuty's 90 days.
	Export bool
}

// The last parts of the names of the buckets that services export to, and of the buckets' keys.
const (
	GuardDutyName = "guardduty"
	MacieName     = "macie"
)

// Export is a service that Security.Account administers and that writes what it finds to a bucket of its own in the archive's account.
type Export struct {
	// Name is the last part of the names of the bucket and its key.
	Name string
	// Service is the service's name for people, and Principal its service principal.
	Service, Principal string
}

// Exports returns the services that export what they find.
func (o *Organization) Exports() (all []Export) {
	if o.guarded() && o.Security.GuardDuty.Export {
		all = append(all, Export{GuardDutyName, "GuardDuty", GuardDutyService})
	}
	if o.classified() && o.Security.Macie.Export {
		all = append(all, Export{MacieName, "Macie", MacieService})
	}
	return all
}

// GuardDutyFeatures returns the features that a file can turn on. Runtime monitoring isn't among them: AWS answers it with parts
// that the AWS plugin takes for a change, each time in another order.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_OrganizationFeatureConfiguration.html
// https://github.com/hashicorp/terraform-provider-aws/issues/36400
func GuardDutyFeatures() []string {
	return []string{"S3_DATA_EVENTS", "EKS_AUDIT_LOGS", malwareProtection, "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS"}
}

// malwareProtection is the feature for which the organization has to trust a second service.
const malwareProtection = "EBS_MALWARE_PROTECTION"

// Inspector says what Amazon Inspector scans for vulnerabilities.
type Inspector struct {
	// Scans are some of InspectorScans, and at least one.
	Scans []string
}

const (
	scanInstances    = "EC2"
	scanFunctions    = "LAMBDA"
	scanFunctionCode = "LAMBDA_CODE"
)

// InspectorScans returns the scans that a file can turn on: of instances, of images, of functions with their layers, and of the functions'
// own code. The AWS plugin has no others.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html
func InspectorScans() []string {
	return []string{scanInstances, "ECR", scanFunctions, scanFunctionCode}
}

// InspectorAccount returns the member that administers Inspector; empty if the organization doesn't have it.
func (o *Organization) InspectorAccount() string {
	if !o.inspected() {
		return ""
	}
	return o.Security.Account
}

// inspected reports whether Inspector scans the organization, and scansInstances whether it scans instances.
func (o *Organization) inspected() bool { return o.Security.Inspector != nil }

func (o *Organization) scansInstances() bool {
	return o.inspected() && slices.Contains(o.Security.Inspector.Scans, scanInstances)
}

// Macie says what Amazon Macie does besides watching buckets.
type Macie struct {
	// Export says that Macie writes what it discovers in objects to a bucket in the archive's account, which keeps it longer than Macie's 90
	// days.
	Export bool
}

// MacieAccount returns the member that administers Macie; empty if the organization doesn't have it.
func (o *Organization) MacieAccount() string {
	if !o.classified() {
		return ""
	}
	return o.Security.Account
}

// classified reports whether Macie looks at the organization's buckets.
func (o *Organization) classified() bool { return o.Security.Macie != nil }

// SecurityHub says by which standards AWS Security Hub judges accounts.
type SecurityHub struct {
	// Standards are some of SecurityHubStandards; none lets Security Hub collect findings alone. A unit has its own in Unit.Standards.
	Standards []string
}

// SecurityHubStandards returns the standards that a file can turn on, by the last part of their ARNs.
// https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference.html
func SecurityHubStandards() []string {
	return []string{
		"ai-security-best-practices/v/1.0.0", "aws-foundational-security-best-practices/v/1.0.0", "aws-resource-tagging-standard/v/1.0.0",
		"cis-aws-foundations-benchmark/v/1.4.0", "cis-aws-foundations-benchmark/v/3.0.0", "cis-aws-foundations-benchmark/v/5.0.0",
		"nist-800-53/v/5.0.0", "nist-800-171/v/2.0.0", "pci-dss/v/3.2.1", "pci-dss/v/4.0.1",
	}
}

// SecurityHubAccount returns the member that administers Security Hub; empty if the organization doesn't have it.
func (o *Organization) SecurityHubAccount() string {
	if !o.hubbed() {
		return ""
	}
	return o.Security.Account
}

// hubbed reports whether Security Hub collects the organization's findings.
func (o *Organization) hubbed() bool { return o.Security.SecurityHub != nil }

// GuardDutyAccount returns the member that administers GuardDuty; empty if the organization doesn't have it.
func (o *Organization) GuardDutyAccount() string {
	if !o.guarded() {
		return ""
	}
	return o.Security.Account
}

// guarded reports whether GuardDuty looks at the organization, and scanned whether it scans volumes for malware.
func (o *Organization) guarded() bool { return o.Security.GuardDuty != nil }

func (o *Organization) scanned() bool {
	return o.guarded() && slices.Contains(o.Security.GuardDuty.Features, malwareProtection)
}

// maxUnusedAccessDays is how many days AWS takes.
// https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_UnusedAccessConfiguration.html
const maxUnusedAccessDays = 365

// UnusedAccessName is the last part of the name of the analyzer of unused access.
const UnusedAccessName = "unused-access"

func (o *Organization) checkSecurity(ps *Problems) {
	if days := o.Security.UnusedAccessDays; days < 0 || days > maxUnusedAccessDays {
		ps.Add(prefix+"security.unusedAccessDays", "write 1 to 365 days, or 0 for no such analyzer", "%d is out of range", days)
	}
	o.checkAdministrator(ps)
	o.checkConfig(ps)
	o.checkConformance(ps)
	if checkAddress(ps, prefix+"security.alarms", o.Security.Alarms) && o.Alarmed() && !o.Audit.OrganizationTrail() {
		ps.Add(prefix+"security.alarms", "write "+prefix+"audit.trail: organization, or leave alarms out", "alarms look at the organization's trail, and there is none")
	}
	if checkAddress(ps, prefix+"security.findings", o.Security.Findings) && o.Security.Findings != "" && !o.hubbed() {
		ps.Add(prefix+"security.findings", "write securityHub: {} beside it, or leave findings out", "Security Hub collects the findings, and the organization doesn't have it")
	}
}

// checkAddress checks the address that hears of something, if there is one, and reports whether it can be.
func checkAddress(ps *Problems, key, address string) bool {
	if address == "" || emailAddress.MatchString(address) {
		return true
	}
	ps.Add(key, "write an address such as security@acme.example", "%q is not an e-mail address", address)
	return false
}

// checkAdministrator checks the account that administers services, and those services.
func (o *Organization) checkAdministrator(ps *Problems) {
	const key = prefix + "security"
	_, declared := o.Accounts[o.Security.Account]
	switch {
	case o.Security.Account != "" && !declared:
		ps.Add(key+".account", "write a member declared under "+prefix+"accounts", "%q isn't a member", o.Security.Account)
	case o.Security.Account == "" && (o.guarded() || o.inspected() || o.classified() || o.hubbed()):
		ps.Add(key+".account", "write the member that is to administer GuardDuty, Inspector, Macie and Security Hub, such as security", "is missing")
	}
	o.checkExports(ps)
	if o.guarded() {
		checkListed(ps, key+".guardDuty.features", "a feature", o.Security.GuardDuty.Features, GuardDutyFeatures())
	}
	o.checkInspector(ps)
	if o.hubbed() {
		checkListed(ps, key+".securityHub.standards", "a standard", o.Security.SecurityHub.Standards, SecurityHubStandards())
	}
	own := 0
	for _, name := range o.UnitNames() {
		standards, at := o.Units[name].Standards, prefix+"units."+name+".standards"
		if standards != nil {
			own++
		}
		if standards != nil && !o.hubbed() {
			ps.Add(at, "write "+key+".securityHub: {}, or take it out", "the organization has no Security Hub")
		}
		checkListed(ps, at, "a standard", standards, SecurityHubStandards())
	}
	if own >= maxHubPolicies {
		ps.Add(prefix+"units", "let units take those of the unit that they are in",
			"%d of them have standards of their own, and AWS has %d configuration policies, one of them for all accounts", own, maxHubPolicies)
	}
}

// checkExports checks that there is an account for each service's bucket, and a name.
func (o *Organization) checkExports(ps *Problems) {
	for _, e := range o.Exports() {
		key := prefix + "security." + serviceOf(e.Principal).key + ".export"
		switch {
		case !o.Audited():
			ps.Add(key, "write "+prefix+"audit, or leave export out", "findings go to the account of the archive, and there is none")
		case len(o.Name(o.Audit.Account, e.Name))+len("-123456789012") > maxBucketName:
			ps.Add(key, "shorten the name of the account or the namespace, or leave export out",
				"%q is too long: with an account's id it passes the %d characters of a bucket's name", o.Name(o.Audit.Account, e.Name), maxBucketName)
		}
	}
}

// checkInspector checks what Inspector scans. AWS scans the code of functions only where it scans functions.
// https://docs.aws.amazon.com/inspector/latest/user/scanning-lambda.html
func (o *Organization) checkInspector(ps *Problems) {
	const key = prefix + "security.inspector.scans"
	if !o.inspected() {
		return
	}
	scans := o.Security.Inspector.Scans
	checkListed(ps, key, "a scan", scans, InspectorScans())
	switch {
	case len(scans) == 0:
		ps.Add(key, "write some of "+strings.Join(InspectorScans(), ", "), "is missing")
	case slices.Contains(scans, scanFunctionCode) && !slices.Contains(scans, scanFunctions):
		ps.Add(key, "write "+scanFunctions+", too", "%s takes %s", scanFunctionCode, scanFunctions)
	}
	without := slices.DeleteFunc(o.Regions(), func(region string) bool { return slices.Contains(published.CodeScanning.Names, region) })
	if slices.Contains(scans, scanFunctionCode) && len(without) > 0 {
		ps.Add(key, "leave "+scanFunctionCode+" out, or allow other regions", "AWS doesn't scan the code of functions in %s", strings.Join(without, ", "))
	}
}

// maxHubPolicies is how many configuration policies Security Hub has in an organization.
// https://docs.aws.amazon.com/securityhub/latest/userguide/central-configuration-intro.html
const maxHubPolicies = 20

// checkListed checks that each of some names is one of all, once.
func checkListed(ps *Problems, key, what string, names, all []string) {
	for i, name := range names {
		switch {
		case !slices.Contains(all, name):
			ps.Add(key, "write some of "+strings.Join(all, ", "), "%q is not %s", name, what)
		case slices.Contains(names[:i], name):
			ps.Add(key, "keep one of them", "%q stands there twice", name)
		}
	}
}
