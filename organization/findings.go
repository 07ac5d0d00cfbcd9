package organization

// FindingsName is the last part of the names of the topic that findings of high severity go to, and of the rule that brings them there.
const FindingsName = "findings"

// FindingsPattern selects what Security Hub sends to Amazon EventBridge when a service has found something of high severity that nobody has
// looked at yet. What standards check isn't among it: Security Hub sends each result again with each check, and shows it in its console.
// https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html
// https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
const FindingsPattern = `{"source":["aws.securityhub"],"detail-type":["Security Hub Findings - Imported"],` +
	`"detail":{"findings":{"Severity":{"Label":["HIGH","CRITICAL"]},"Workflow":{"Status":["NEW"]},"RecordState":["ACTIVE"],"Compliance":{"Status":[{"exists":false}]}}}}`

// FindingsAccount returns the member whose topic gets findings of high severity; empty if nobody hears of them.
func (o *Organization) FindingsAccount() string {
	if o.Security.Findings == "" {
		return ""
	}
	return o.SecurityHubAccount()
}
