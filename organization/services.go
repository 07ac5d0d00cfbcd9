package organization

import (
	"cmp"
	"maps"
	"slices"
)

// The principals of the services that coldstart sets up for the whole organization.
const (
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-access-analyzer.html
	AnalyzerService = "access-analyzer.amazonaws.com"
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudtrail.html
	CloudTrailService = "cloudtrail.amazonaws.com"
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-config.html
	ConfigService = "config.amazonaws.com"
	// ConfigSetupService deploys conformance packs of AWS Config to all accounts.
	ConfigSetupService = "config-multiaccountsetup.amazonaws.com"
	// Amazon EventBridge needs no trust: it takes what other services send in one account.
	EventsService = "events.amazonaws.com"
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-guardduty.html
	GuardDutyService         = "guardduty.amazonaws.com"
	malwareProtectionService = "malware-protection.guardduty.amazonaws.com"
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-inspector2.html
	InspectorService         = "inspector2.amazonaws.com"
	agentlessScanningService = "agentless.inspector2.amazonaws.com"
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-macie.html
	MacieService = "macie.amazonaws.com"
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-securityhub.html
	SecurityHubService = "securityhub.amazonaws.com"
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-sso.html
	IdentityCenterService = "sso.amazonaws.com"
)

// service is a service of AWS's that works for a whole organization.
type service struct {
	// principal is the service's name for AWS Organizations.
	principal string
	// used reports whether coldstart sets the service up, so that the organization has to
	// trust it; nil for a service that coldstart leaves to others.
	used func(*Organization) bool
	// appoint is the command by which the management account names the administrator of a
	// service that has a call of its own for it. Such a call also registers the account
	// with AWS Organizations; the other way round nothing happens.
	// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
	appoint string
	// name is the service's name for people, and key the key of coldstart:security by which coldstart itself makes that call; empty if it
	// doesn't.
	name, key string
}

// services has a row for each service that coldstart sets up, or that isn't administered as
// all others are. What a service has in accounts is in program/services.go, and the proof
// of it in proof/services.go.
var services = []service{
	{principal: AnalyzerService, used: always},
	{principal: CloudTrailService, used: (*Organization).Audited, appoint: "aws cloudtrail register-organization-delegated-admin --member-account-id …"},
	{principal: ConfigService, used: (*Organization).Recorded},
	{principal: ConfigSetupService, used: (*Organization).conforms},
	{principal: GuardDutyService, used: (*Organization).guarded, appoint: "aws guardduty enable-organization-admin-account --admin-account-id …", name: "GuardDuty", key: "guardDuty"},
	{principal: malwareProtectionService, used: (*Organization).scanned, appoint: "aws guardduty enable-organization-admin-account --admin-account-id …"},
	{principal: InspectorService, used: (*Organization).inspected, appoint: "aws inspector2 enable-delegated-admin-account --delegated-admin-account-id …", name: "Inspector", key: "inspector"},
	{principal: agentlessScanningService, used: (*Organization).scansInstances, appoint: "aws inspector2 enable-delegated-admin-account --delegated-admin-account-id …"},
	{principal: MacieService, used: (*Organization).classified, appoint: "aws macie2 enable-organization-admin-account --admin-account-id …", name: "Macie", key: "macie"},
	{principal: SecurityHubService, used: (*Organization).hubbed, appoint: "aws securityhub enable-organization-admin-account --admin-account-id …", name: "Security Hub", key: "securityHub"},
	{principal: IdentityCenterService, used: (*Organization).UsesIdentityCenter},

	{principal: "auditmanager.amazonaws.com", appoint: "aws auditmanager register-organization-admin-account --admin-account-id …"},
	{principal: "detective.amazonaws.com", appoint: "aws detective enable-organization-admin-account --account-id …"},
	{principal: "fms.amazonaws.com", appoint: "aws fms associate-admin-account --admin-account …"},
	{principal: "ipam.amazonaws.com", appoint: "aws ec2 enable-ipam-organization-admin-account --delegated-admin-account-id …"},
	{principal: "securitylake.amazonaws.com", appoint: "aws securitylake register-data-lake-delegated-administrator --account-id …"},
}

func always(*Organization) bool { return true }

// serviceOf returns the row of a service; one with nothing but its name if it has none.
func serviceOf(principal string) service {
	for _, s := range services {
		if s.principal == principal {
			return s
		}
	}
	return service{principal: principal}
}

// Appointment is a service that coldstart makes a member the administrator of, by the service's own call.
type Appointment struct {
	// Name is the service's name for people, Key its key in coldstart:security, and Principal its name for AWS Organizations.
	Name, Key, Principal string
	// Account is the member.
	Account string
}

// Appointments returns the declared services that coldstart makes a member the administrator of.
func (o *Organization) Appointments() (all []Appointment) {
	for _, s := range services {
		if s.key != "" && s.used(o) {
			all = append(all, Appointment{s.name, s.key, s.principal, o.Security.Account})
		}
	}
	return all
}

// TrustedServices returns the services that the organization has to trust: those that are
// declared, those that members administer, and those that coldstart sets up.
func (o *Organization) TrustedServices() []string {
	all := slices.AppendSeq(slices.Clone(o.Settings.TrustedServices), maps.Keys(o.Administrators()))
	for _, s := range services {
		if s.used != nil && s.used(o) {
			all = append(all, s.principal)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Administrators returns the members that AWS Organizations has as the administrators of services, by service: those that a file declares,
// and Security.Account for AWS Config and its conformance packs.
func (o *Organization) Administrators() map[string]string {
	all := map[string]string{}
	for service, used := range map[string]bool{ConfigService: o.Recorded(), ConfigSetupService: o.conforms()} {
		if used && o.Security.Account != "" {
			all[service] = o.Security.Account
		}
	}
	maps.Copy(all, o.Settings.DelegatedAdministrators)
	return all
}

// DeclaredAdministrators returns the members that the file has as the administrators of a service, and whether the file is to say who
// administers it. It isn't for a service that has a call of its own for that, unless coldstart makes that call; and not for one of
// those that the file has under trustedServices, which says that somebody else sets the service up.
func (o *Organization) DeclaredAdministrators(principal string) (names []string, complete bool) {
	if name := o.Administrators()[principal]; name != "" {
		names = append(names, name)
	}
	s := serviceOf(principal)
	if s.key != "" && s.used(o) {
		names = append(names, o.Security.Account)
	}
	if account := o.IdentityCenterAccount(); principal == IdentityCenterService && account != "" && account != Master {
		names = append(names, account)
	}
	return names, s.appoint == "" || s.key != "" && !o.leftToOthers(principal)
}

// Unwatched reports whether the file has nothing of a service that coldstart sets up: neither what turns it on, nor trustedServices, which
// says that somebody else does.
func (o *Organization) Unwatched(principal string) bool {
	return !serviceOf(principal).used(o) && !o.leftToOthers(principal)
}

// leftToOthers reports whether the file says that somebody else sets a service up.
func (o *Organization) leftToOthers(principal string) bool {
	return slices.Contains(o.Settings.TrustedServices, principal)
}

// AdministratorOf returns the account that administers a service for the whole organization:
// the member that the service is delegated to, or the management account.
func (o *Organization) AdministratorOf(service string) string {
	return cmp.Or(o.Administrators()[service], Master)
}
