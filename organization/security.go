package organization

// Security are the services that look at the whole organization, besides IAM Access Analyzer's analyzer of access from outside,
// which every organization has.
type Security struct {
	// UnusedAccessDays is after how many days without use IAM Access Analyzer reports a role, a user's credentials or a
	// permission; 0 for never. AWS charges for each role and user a month.
	UnusedAccessDays int
	// Alarms is the e-mail address that gets the alarms on what the organization's trail records; empty for no alarms. AWS
	// charges for each alarm a month, and for what CloudWatch Logs takes in.
	Alarms string
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
	switch {
	case !o.Alarmed():
	case !emailAddress.MatchString(o.Security.Alarms):
		ps.Add(prefix+"security.alarms", "write an address such as security@acme.example", "%q is not an e-mail address", o.Security.Alarms)
	case !o.Audit.OrganizationTrail():
		ps.Add(prefix+"security.alarms", "write "+prefix+"audit.trail: organization, or leave alarms out", "alarms look at the organization's trail, and there is none")
	}
}
